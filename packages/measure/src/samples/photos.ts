// The photos and scans that whyslow brings (photos/SOURCE.md says where they are from), cut and resized to an image that a model takes.
import { readFileSync } from 'node:fs'
import { decode } from 'jpeg-js'

export type PhotoName = 'person' | 'cup' | 'page' | 'stairs' | 'cat' | 'words'

export interface Photo {
  readonly width: number
  readonly height: number
  /** RGB, row by row. */
  readonly data: Uint8Array
}

/** A part of a photo, in its pixels. */
export interface Cut {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly mirrored: boolean
}

const decoded = new Map<PhotoName, Photo>()

/** Decoded when it is first needed. */
export function photo(name: PhotoName): Photo {
  const known = decoded.get(name)
  if (known !== undefined) return known
  const file = readFileSync(new URL(`./photos/${name}.jpg`, import.meta.url))
  const { width, height, data } = decode(file, { useTArray: true, formatAsRGBA: false })
  const made = { width, height, data }
  decoded.set(name, made)
  return made
}

/** RGB bytes of a cut, resized: triangle filter, as wide as one pixel of the smaller image, as Pillow's BILINEAR. */
export function resizedCut(
  { data, width }: Photo,
  cut: Cut,
  to: { readonly width: number; readonly height: number },
): Uint8Array {
  const across = taps(cut.x, cut.width, to.width)
  const down = taps(cut.y, cut.height, to.height)
  const rows = cut.y + cut.height
  const narrow = new Float32Array(rows * to.width * 3)
  for (let y = Math.max(0, cut.y); y < rows; y++) {
    for (let x = 0; x < to.width; x++) {
      const { first, weights } = across[cut.mirrored ? to.width - 1 - x : x]!
      let [r, g, b] = [0, 0, 0]
      let from = (y * width + first) * 3
      for (const weight of weights) {
        r += weight * data[from]!
        g += weight * data[from + 1]!
        b += weight * data[from + 2]!
        from += 3
      }
      const at = (y * to.width + x) * 3
      narrow[at] = r
      narrow[at + 1] = g
      narrow[at + 2] = b
    }
  }
  const line = to.width * 3
  const bytes = new Uint8Array(to.height * line)
  for (let y = 0; y < to.height; y++) {
    const { first, weights } = down[y]!
    for (let x = 0; x < line; x++) {
      let sum = 0.5
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(first + k) * line + x]!
      bytes[y * line + x] = sum
    }
  }
  return bytes
}

/** Luma of ITU-R BT.601. */
export const greyOf = (rgb: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: rgb.length / 3 }, (_, at) =>
    Math.round(0.299 * rgb[3 * at]! + 0.587 * rgb[3 * at + 1]! + 0.114 * rgb[3 * at + 2]!),
  )

/** The pixels of `start`..`start + length` that each of `count` pixels is made of, and their weights. */
function taps(start: number, length: number, count: number): { readonly first: number; readonly weights: Float64Array }[] {
  const step = length / count
  const reach = Math.max(1, step)
  return Array.from({ length: count }, (_, k) => {
    const centre = (k + 0.5) * step - 0.5
    const first = Math.max(0, Math.ceil(centre - reach))
    const last = Math.min(length - 1, Math.floor(centre + reach))
    const weights = Float64Array.from({ length: last - first + 1 }, (_, at) =>
      Math.max(1e-9, 1 - Math.abs(first + at - centre) / reach),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return { first: start + first, weights: weights.map((weight) => weight / total) }
  })
}
