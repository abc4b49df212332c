import { expect, test } from 'vitest'
import { evidence } from '../../test/support/diagnose/example-evidence.ts'
import { quantizationHazards } from './quantization-hazards.ts'

interface Range {
  readonly min: number
  readonly max: number
}

/** A product for each of these weights. */
const saturating = (op: string, ...weights: readonly Range[]) => {
  const { graph, profile, machine } = evidence({
    nodes: weights.map((_, at) => ({ op, timeMs: 1, in: ['x', 'xs', 'xz', `w${at}`] })),
    constants: Object.fromEntries(
      weights.map((range, at) => [
        `w${at}`,
        { dtype: 'int8', statistics: { ...range, subnormalShare: 0, zeroShare: 0, nanCount: 0 } },
      ]),
    ),
  })
  return quantizationHazards({ graph: graph!, profile: profile!, machine })
}

// 2 x 255 x 64 = 32640 and 2 x 255 x 65 = 33150; 16 bits hold 32767.
test.each(['QLinearConv', 'QLinearMatMul', 'QGemm'])('weights of a %s beyond 64, on either side, may saturate', (op) => {
  expect(saturating(op, { min: -64, max: 64 })).toEqual([])
  expect(saturating(op, { min: -64, max: 65 })).toMatchObject([{ hazard: 'saturation', nodes: [`${op}_0`] }])
  expect(saturating(op, { min: -65, max: 64 })).toMatchObject([{ hazard: 'saturation', nodes: [`${op}_0`] }])
})

test('three nodes are named, the rest is counted', () => {
  const wide = { min: -127, max: 127 }
  expect(saturating('QGemm', wide, wide, wide, wide)[0]?.detail).toMatch(/\(QGemm_0, QGemm_1, QGemm_2 and 1 more\)/)
})
