import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { affinesForBias, quantizeBias } from './bias.ts'

describe('affinesForBias', () => {
  test('scales that are large enough stay', () => {
    const affines = [
      { scale: 0.01, zeroPoint: 0 },
      { scale: 0.02, zeroPoint: 0 },
    ]
    expect(affinesForBias(affines, true, 0.1, Float32Array.of(1, -2))).toEqual(affines)
  })

  test('a scale too small for its bias grows until the bias fits, that of the other channel does not', () => {
    const affines = [
      { scale: 1e-9, zeroPoint: 0 },
      { scale: 0.02, zeroPoint: 0 },
    ]
    const [grown, other] = affinesForBias(affines, true, 1e-4, Float32Array.of(1000, 1))
    // 1000 at scale s needs 1000 / s <= 2^31 - 1: s >= 4.66e-7, and 0.01 % more; the weights' share is s / 1e-4.
    expect(grown!.scale).toBeCloseTo(((1000 * 1.0001) / (2 ** 31 - 1)) * 1e4, 9)
    expect(other).toEqual(affines[1])
    const { values } = quantizeBias(Float32Array.of(1000, 1), 1e-4, Float32Array.of(grown!.scale, other!.scale))
    expect(values[0]).toBeLessThan(2 ** 31 - 1)
    expect(values[0]).toBeGreaterThan(0.999 * 2 ** 31)
  })

  test('asymmetric weights are left alone', () => {
    const affines = [{ scale: 1e-9, zeroPoint: 3 }]
    expect(affinesForBias(affines, false, 1e-4, Float32Array.of(1000))).toEqual(affines)
  })
})

describe('quantizeBias', () => {
  test('half to even, in whole steps of x times w', () => {
    const { values, scales } = quantizeBias(Float32Array.of(0.25, 0.75, -0.25), 0.5, Float32Array.of(1, 1, 0.5))
    expect([...scales]).toEqual([0.5, 0.5, 0.25])
    expect([...values].map((one) => one + 0)).toEqual([0, 2, -1])
  })

  test('is off by half a step at most after the scales were enlarged', () => {
    const scale = fc.float({ min: Math.fround(1e-12), max: 1, noNaN: true })
    const bias = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(scale, scale, bias, fc.boolean(), (x, w, list, perChannel) => {
        const biases = Float32Array.from(list)
        const before = perChannel ? list.map(() => ({ scale: w, zeroPoint: 0 })) : [{ scale: w, zeroPoint: 0 }]
        const affines = affinesForBias(before, perChannel, x, biases)
        const { values, scales } = quantizeBias(
          biases,
          x,
          Float32Array.from(affines, (one) => one.scale),
        )
        biases.forEach((one, i) => {
          const step = scales[perChannel ? i : 0]!
          expect(Math.abs(values[i]! * step - one)).toBeLessThanOrEqual(0.5001 * step)
        })
      }),
    )
  })
})
