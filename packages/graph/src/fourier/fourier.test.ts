import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulberry32 } from '../random.ts'
import { fourierSteps } from './fourier.ts'

/** By the definition, in double. */
function spectrumOf(x: readonly number[]): [number, number][] {
  return Array.from({ length: Math.floor(x.length / 2) + 1 }, (_, k) => {
    let [real, imaginary] = [0, 0]
    for (const [n, value] of x.entries()) {
      const angle = (2 * Math.PI * ((n * k) % x.length)) / x.length
      real += value * Math.cos(angle)
      imaginary -= value * Math.sin(angle)
    }
    return [real, imaginary]
  })
}

/** As a graph would do it, for one frame. */
function byProducts(x: readonly number[]): [number, number][] {
  const plan = fourierSteps(x.length)!
  if (plan.steps === 1) {
    const sums = new Array<number>(2 * plan.half).fill(0)
    for (const [n, value] of x.entries())
      for (let c = 0; c < sums.length; c++) sums[c]! += value * plan.matrix.data[n * sums.length + c]!
    return Array.from({ length: plan.half }, (_, k) => [sums[2 * k]!, sums[2 * k + 1]!])
  }
  const { outer, inner, groups, half, first, second } = plan
  const rows = Array.from({ length: 2 * outer }, (_, r) =>
    Array.from({ length: inner }, (_, i) => {
      let sum = 0
      for (let j = 0; j < outer; j++) sum += first.data[r * outer + j]! * x[j * inner + i]!
      return sum
    }),
  ).flat()
  const found: [number, number][] = []
  for (let g = 0; g < groups; g++)
    for (let o = 0; o < outer; o++) {
      const sums = [0, 0]
      for (let c = 0; c < 2 * inner; c++)
        for (const part of [0, 1])
          sums[part]! += rows[o * 2 * inner + c]! * second.data[(o * 2 * inner + c) * 2 * groups + 2 * g + part]!
      found.push([sums[0]!, sums[1]!])
    }
  return found.slice(0, half)
}

describe('a Fourier transform by products', () => {
  test('is what the definition gives, of any length', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(400, 480, 512, 1024, 257, 509)), (length) => {
        const random = mulberry32(length)
        const x = Array.from({ length }, () => random() - 0.5)
        const [expected, found] = [spectrumOf(x), byProducts(x)]
        expect(found).toHaveLength(expected.length)
        const largest = Math.max(...expected.flat().map(Math.abs))
        const off = expected.flatMap((pair, k) => pair.map((part, at) => Math.abs(found[k]![at as 0 | 1] - part)))
        expect(Math.max(...off)).toBeLessThan(1e-6 * Math.max(largest, 1))
      }),
      { numRuns: 40 },
    )
  })

  test('takes two steps where that is less work, and none beyond measure', () => {
    expect(fourierSteps(128)).toMatchObject({ steps: 1, half: 65 })
    expect(fourierSteps(2048)).toMatchObject({ steps: 2, outer: 32, inner: 64, groups: 33 })
    expect(fourierSteps(400)).toMatchObject({ steps: 2, outer: 20, inner: 20 })
    expect(fourierSteps(257)).toMatchObject({ steps: 1 })
    expect(fourierSteps(1_000_003)).toBeUndefined()
    expect(fourierSteps(1 << 20)).toBeUndefined()
  })
})
