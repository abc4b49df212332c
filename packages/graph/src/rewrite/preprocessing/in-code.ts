// The same steps in code, to feed the original with and hold the rewritten model against. One loop a step, no engine.
// Antialias as Pillow resamples: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c (precompute_coeffs)
import type { PreprocessingSteps } from './request.ts'

/** Numbers in the layout that the steps start from. */
export interface Picture {
  /** Four axes. */
  readonly shape: readonly number[]
  readonly data: Uint8Array | Float32Array
}

/** For each place of the result, the places of the source that it is made of, and their shares. */
type Taps = readonly (readonly { readonly at: number; readonly share: number }[])[]

/** What the original's input takes, as float32, in the layout that the steps end in. */
export function preprocessInCode({ shape, data }: Picture, steps: PreprocessingSteps): { shape: number[]; data: Float32Array } {
  const isLast = steps.from === 'nhwc'
  const [batch, channels] = [shape[0]!, shape[isLast ? 3 : 1]!]
  const [height, width] = [shape[isLast ? 1 : 2]!, shape[isLast ? 2 : 3]!]
  const size = steps.resizeTo ?? { height, width }
  const rows = taps(height, size.height, steps.antialias)
  const columns = taps(width, size.width, steps.antialias)
  const { mean, std, scale } = steps.normalize ?? { mean: [0], std: [1], scale: 1 }
  const endsLast = steps.to === 'nhwc'
  const result = new Float32Array(batch * channels * size.height * size.width)
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const [m, s] = [mean[c % mean.length]!, std[c % std.length]!]
      for (let y = 0; y < size.height; y++) {
        for (let x = 0; x < size.width; x++) {
          let value = 0
          for (const row of rows[y]!) {
            for (const column of columns[x]!) {
              const at = isLast
                ? ((n * height + row.at) * width + column.at) * channels + c
                : ((n * channels + c) * height + row.at) * width + column.at
              value += data[at]! * row.share * column.share
            }
          }
          const to = endsLast
            ? ((n * size.height + y) * size.width + x) * channels + c
            : ((n * channels + c) * size.height + y) * size.width + x
          result[to] = (value * scale - m) / s
        }
      }
    }
  }
  const plane = [size.height, size.width]
  return { shape: endsLast ? [batch, ...plane, channels] : [batch, channels, ...plane], data: result }
}

function taps(from: number, to: number, antialias: boolean): Taps {
  if (from === to) return Array.from({ length: to }, (_, at) => [{ at, share: 1 }])
  const step = from / to
  // Half the width of the triangle: wider as the image shrinks.
  const reach = antialias ? Math.max(1, step) : 1
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * step
    if (!antialias) {
      const exact = Math.min(Math.max(centre - 0.5, 0), from - 1)
      const low = Math.floor(exact)
      const high = Math.min(low + 1, from - 1)
      return [
        { at: low, share: 1 - (exact - low) },
        { at: high, share: exact - low },
      ]
    }
    const first = Math.max(0, Math.floor(centre - reach + 0.5))
    const end = Math.min(from, Math.floor(centre + reach + 0.5))
    const found = Array.from({ length: end - first }, (_, k) => ({
      at: first + k,
      share: Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach)),
    }))
    const total = found.reduce((sum, { share }) => sum + share, 0)
    return found.map(({ at, share }) => ({ at, share: share / total }))
  })
}
