import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { batchSize } from './batch-size.ts'

const relu = (batch: string | number) =>
  model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [batch, 3])],
    outputs: [valueInfo('y', 'float32', [batch, 3])],
    opset: 17,
  })

const point = (at: number, p50Ms: number) => ({ at, p50Ms, ciLowMs: p50Ms, ciHighMs: p50Ms })

checkRemedy(batchSize, {
  applies: [
    {
      name: 'a free batch axis',
      model: relu('batch'),
      variants: ['2', '4', '8', '16', '32', '64'],
      check: ({ variant, setup, predictedSavingMs }) => {
        expect(setup.batchFactor).toBe(Number(variant))
        expect(predictedSavingMs).toBeNull()
      },
    },
    {
      name: 'never the factor in use',
      model: relu('batch'),
      setup: { batchFactor: 4 },
      variants: ['2', '8', '16', '32', '64'],
    },
    {
      // p50 10 ms, the sweep has 12 ms for 1 and 16 ms for 2: 8 ms a sample saves 1 − 8/12 of 10 ms. For 4 and more the fit says:
      // 8 + 4 × 4 = 24 ms, 6 a sample, saves half; 8 + 4 × 64 = 264 ms, 4.125 a sample, saves 1 − 4.125/12.
      name: 'what the sweep says of a sample',
      model: relu('batch'),
      evidence: {
        p50Ms: 10,
        batchSweep: {
          dimension: 'batch',
          unit: 'samples',
          points: [point(1, 12), point(2, 16)],
          fit: { fixedMs: 8, perUnitMs: 4 },
          current: 1,
        },
      },
      variants: ['2', '4', '8', '16', '32', '64'],
      check: ({ variant, predictedSavingMs }) => {
        const expected = { '2': 10 / 3, '4': 5, '64': 10 * (1 - 4.125 / 12) }[variant]
        if (expected !== undefined) expect(predictedSavingMs).toBeCloseTo(expected, 9)
      },
    },
  ],
  leaves: [
    { name: 'a fixed batch', model: relu(1) },
    { name: 'the free axis is a sequence', model: relu('sequence') },
  ],
})
