import { expect, test } from 'vitest'
import { modelConfig, numberOf } from './model-config.ts'

test('as Triton tells it: a whole shape, and text as STRING', () => {
  const x = { name: 'x', datatype: 'BYTES', dtype: 'string', shape: [-1, 2] } as const
  const y = { name: 'y', datatype: 'FP32', dtype: 'float32', shape: null } as const
  expect(modelConfig({ name: 'm', version: null, platform: 'onnx_onnxv1', inputs: [x], outputs: [y] })).toEqual({
    name: 'm',
    platform: 'onnx_onnxv1',
    max_batch_size: 0,
    input: [{ name: 'x', data_type: 'TYPE_STRING', dims: [-1, 2] }],
    output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [] }],
  })
})

test('datatypes by Triton’s numbers', () => {
  expect(['BOOL', 'UINT8', 'INT64', 'FP16', 'FP32', 'FP64', 'BYTES', 'BF16'].map(numberOf)).toEqual([1, 2, 9, 10, 11, 12, 13, 14])
})
