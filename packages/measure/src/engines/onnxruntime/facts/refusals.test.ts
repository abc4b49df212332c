import { expect, test } from 'vitest'
import { readRefusal } from './refusals.ts'

const NOTHING = { isAboutInputs: true, declared: null, tableRows: null, sizes: [], demand: null, isOutOfRange: false }

// Texts of onnxruntime 1.30, shortened to what is read.
test.each([
  ['something else', {}],
  ['NOT_IMPLEMENTED : Could not find an implementation for Foo(1)', { isAboutInputs: false }],
  [
    'Got invalid dimensions for input: x for the following indices\n index: 2 Got: 224 Expected: 640\n index: 3 Got: 224 Expected: 480',
    {
      declared: {
        input: 'x',
        axes: [
          { axis: 2, size: 640 },
          { axis: 3, size: 480 },
        ],
      },
    },
  ],
  [
    'Gather node. indices element out of data bounds, idx=64 must be within the inclusive range [-64,63]',
    { tableRows: 64, isOutOfRange: true },
  ],
  ['C: 3 kernel channels: 2 group: 4', { sizes: [[3, 8]] }],
  [
    'broadcast an axis by a dimension other than 1. 64 by 128',
    {
      sizes: [
        [128, 64],
        [64, 128],
      ],
    },
  ],
  [
    'Axis 2 has mismatched dimensions of 128 and 64',
    {
      sizes: [
        [128, 64],
        [64, 128],
      ],
    },
  ],
  ['Cannot split. Axis=1 Input shape={1,3} NumOutputs=2 Sum of sizes was 4', { sizes: [[3, 4]] }],
  [
    'must have shape {1,2,8}. Actual:{1,4,8}',
    {
      sizes: [
        [2, 4],
        [4, 2],
      ],
    },
  ],
  // Of the weight one side is N, whichever it is: the other is what the product wants.
  ['GEMM: Dimension mismatch, W: {400,120} K: 576 N:120', { sizes: [[576, 400]], demand: { got: 576, want: 400 } }],
  ['GEMM: Dimension mismatch, W: {120,400} K: 576 N:120', { sizes: [[576, 400]], demand: { got: 576, want: 400 } }],
  [
    'cannot be reshaped to the requested shape. Input shape:{2,512,7,7}, requested shape:{-1,204800}',
    { demand: { got: 512 * 49, want: 204800 } },
  ],
  ['GatherElements op: Out of range value in index tensor', { isOutOfRange: true }],
])('%s', (message, told) => expect(readRefusal(message)).toEqual({ ...NOTHING, ...told }))
