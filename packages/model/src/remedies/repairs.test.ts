// Which remedy repairs which quantized group, over all conditions.

import { conditions } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import type { UnfusedGroup, UnfusedReason } from '@whyslow/measure/engines/onnxruntime/int8/unfused.ts'
import { expect, test } from 'vitest'
import { remedies } from './index.ts'

const ALL: readonly UnfusedReason[] = [
  ...conditions,
  ...([
    'optimization-level',
    'inserted-late',
    'float-pair',
    'weights-only',
    'scaling-apart',
    'integer-convolution',
    'float-products',
    'not-known',
  ] as const),
]

function repairersOf(condition: UnfusedReason, rest: Partial<UnfusedGroup> = {}): readonly string[] {
  const group = { condition, opType: 'Conv', hasConstants: true, canMeasureRanges: true, ...rest }
  return remedies.filter(({ repairs }) => repairs?.(group)).map(({ id }) => id)
}

test('one at most repairs a group', () => {
  for (const condition of ALL)
    for (const hasConstants of [true, false])
      for (const opType of ['Conv', 'BatchNormalization'])
        expect(repairersOf(condition, { hasConstants, opType }).length, condition).toBeLessThanOrEqual(1)
})

test.each<[string, readonly UnfusedReason[]]>([
  ['initializers-as-inputs', ['constants-as-inputs']],
  ['integer-scaling', ['scaling-apart']],
  ['nbits-accuracy-level', ['float-products']],
  ['selective-dequantization', ['float-pair', 'integer-convolution']],
  ['constant-dequantization', ['weights-only', 'not-known', 'no-int8-kernel', 'resize-mode']],
  ['uint8-activations', ['int8-activations']],
  ['group-requantization', ['bias-scale', 'beta', 'zero-point-missing', 'output-not-quantized', 'batchnorm-apart']],
])('%s', (id, repaired) => {
  expect(repaired.map((condition) => repairersOf(condition))).toEqual(repaired.map(() => [id]))
})

test('constants can be floats only where there are some', () => {
  expect(repairersOf('not-known', { hasConstants: false })).toEqual([])
  expect(repairersOf('weights-only', { hasConstants: false })).toEqual(['constant-dequantization'])
})

test('a range that has to be measured cannot be on made-up inputs', () => {
  expect(repairersOf('output-not-quantized', { canMeasureRanges: false })).toEqual([])
  expect(repairersOf('bias-scale', { canMeasureRanges: false })).toEqual(['group-requantization'])
})

test('a BatchNormalization has no int8 kernel, and is folded into the convolution before it', () => {
  expect(repairersOf('no-int8-kernel', { opType: 'BatchNormalization' })).toEqual(['group-requantization'])
})

test('an engine that may not optimize is not repaired in the model', () => {
  expect(repairersOf('optimization-level')).toEqual([])
})
