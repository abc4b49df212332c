import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../random.ts'
import { fourierOf } from './fast-fourier.ts'

/** By the definition. */
function defined(samples: readonly number[], frequency: number): readonly [number, number] {
  const angle = (-2 * Math.PI * frequency) / samples.length
  const sum = (of: (angle: number) => number) => samples.reduce((total, value, k) => total + value * of(angle * k), 0)
  return [sum(Math.cos), sum(Math.sin)]
}

describe('fourierOf', () => {
  it.each([1, 2, 7, 9, 12, 60, 128, 400])('%i samples: as the definition has it, one transform after another', (size) => {
    const random = mulberry32(size)
    const transform = fourierOf(size)
    for (let round = 0; round < 2; round++) {
      const samples = Array.from({ length: size }, () => random() - 0.5)
      const { re, im } = transform(samples)
      for (let frequency = 0; frequency < size; frequency++) {
        const [wantedRe, wantedIm] = defined(samples, frequency)
        expect(re[frequency]).toBeCloseTo(wantedRe, 9)
        expect(im[frequency]).toBeCloseTo(wantedIm, 9)
      }
    }
  })
})
