import type { DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import { encoderReads } from './encoder-reads.ts'

const value = (name: string, rank: number, dtype: DType = 'float32'): ValueDeclaration => ({
  ...{ name, kind: 'tensor', dtype, shape: new Array<null>(rank).fill(null) },
})
const MASK = value('attention_mask', 2, 'int64')

describe('encoderReads', () => {
  it.each([
    ['text', [value('input_ids', 2, 'int64'), MASK]],
    ['sound', [value('input_features', 3)]],
    ['sound', [value('input_features', 3, 'float16')]],
    ['sound', [value('input_values', 2), MASK]],
    ['image', [value('pixel_values', 4)]],
  ] as const)('%s', (reads, inputs) => {
    expect(encoderReads(inputs)).toMatchObject({ reads, input: inputs[0] })
  })

  it.each([
    [
      [value('input_features', 3, 'bfloat16')],
      /^reads input_features as bfloat16, and features are made in float32 and float16; export/,
    ],
    [[value('pixel_values', 5)], /^encodes pixel_values, which is not a text, sound or image that whyslow knows; measure it/],
    [[value('input_ids', 2, 'int64'), value('bbox', 3, 'int64')], /^encodes bbox, /],
    [[], /^encodes nothing, /],
  ])('%j is one line', (inputs, message) => {
    expect(encoderReads(inputs)).toMatch(message)
  })
})
