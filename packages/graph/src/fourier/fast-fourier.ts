// The discrete Fourier transform of real numbers, of any length: by its prime factors (J. W. Cooley, J. W. Tukey, 1965), so that 400 samples, as
// Whisper's windows have, take about as long as 512.

/** `re` and `im` of frequencies 0 … size - 1; written again by the next call. */
export type Spectrum = (samples: ArrayLike<number>) => { readonly re: Float64Array; readonly im: Float64Array }

export function fourierOf(size: number): Spectrum {
  const cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size))
  const sin = Float64Array.from({ length: size }, (_, k) => -Math.sin((2 * Math.PI * k) / size))
  const factors = factorsOf(size)
  const re = new Float64Array(size)
  const im = new Float64Array(size)
  const widest = Math.max(1, ...factors)
  const [partRe, partIm] = [new Float64Array(widest), new Float64Array(widest)]
  let from: ArrayLike<number> = re

  /** Every `stride`-th sample from `at` on, into the places from `to` on. `depth`: how many factors the stride has. */
  function transform(at: number, stride: number, to: number, depth: number): void {
    const length = size / stride
    if (length === 1) {
      re[to] = from[at] ?? 0
      im[to] = 0
      return
    }
    const count = factors[depth]!
    const each = length / count
    for (let part = 0; part < count; part++) transform(at + part * stride, stride * count, to + part * each, depth + 1)
    for (let k = 0; k < each; k++) {
      for (let part = 0; part < count; part++) {
        const place = to + part * each + k
        const turn = (part * k * stride) % size
        partRe[part] = re[place]! * cos[turn]! - im[place]! * sin[turn]!
        partIm[part] = re[place]! * sin[turn]! + im[place]! * cos[turn]!
      }
      for (let other = 0; other < count; other++) {
        let [sumRe, sumIm] = [partRe[0]!, partIm[0]!]
        for (let part = 1; part < count; part++) {
          const turn = (part * other * each * stride) % size
          sumRe += partRe[part]! * cos[turn]! - partIm[part]! * sin[turn]!
          sumIm += partRe[part]! * sin[turn]! + partIm[part]! * cos[turn]!
        }
        re[to + other * each + k] = sumRe
        im[to + other * each + k] = sumIm
      }
    }
  }
  return (samples) => {
    from = samples
    transform(0, 1, 0, 0)
    return { re, im }
  }
}

function factorsOf(size: number): number[] {
  const factors: number[] = []
  let left = size
  for (let factor = 2; left > 1; ) {
    if (left % factor === 0) {
      factors.push(factor)
      left /= factor
    } else factor = factor * factor > left ? left : factor + 1
  }
  return factors
}
