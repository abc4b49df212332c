import { expect, test } from 'vitest'
import { evidence } from './example-evidence.ts'
import { quantizationHazards } from './quantization-hazards.ts'

/** One QLinearMatMul for each of these weights. */
const saturating = (...weights: readonly { min: number; max: number }[]) => {
  const { graph, profile, machine } = evidence({
    nodes: weights.map((_, at) => ({ op: 'QLinearMatMul', timeMs: 1, in: ['x', 'xs', 'xz', `w${at}`] })),
    constants: Object.fromEntries(
      weights.map((range, at) => [
        `w${at}`,
        { dtype: 'int8', statistics: { ...range, subnormalShare: 0, zeroShare: 0, nanCount: 0 } },
      ]),
    ),
  })
  return quantizationHazards({ graph, profile, machine })
}

// 2 x 255 x 64 = 32640 and 2 x 255 x 65 = 33150; 16 bits hold 32767.
test('weights beyond 64, on either side, may saturate', () => {
  expect([saturating({ min: -64, max: 64 })]).toEqual([[]])
  expect(saturating({ min: -64, max: 65 })).toMatchObject([{ hazard: 'saturation', nodes: ['QLinearMatMul_0'] }])
  expect(saturating({ min: -65, max: 64 })).toMatchObject([{ hazard: 'saturation', nodes: ['QLinearMatMul_0'] }])
})

test('three nodes are named, the rest is counted', () => {
  const wide = { min: -127, max: 127 }
  expect(saturating(wide, wide, wide, wide)[0]?.detail).toMatch(
    /\(QLinearMatMul_0, QLinearMatMul_1, QLinearMatMul_2 and 1 more\)/,
  )
})
