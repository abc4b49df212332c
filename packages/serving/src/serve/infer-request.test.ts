import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { expect, test } from 'vitest'
import { encodeInferRequest } from './infer-request.ts'
import type { ModelSpec } from './protocol.ts'
import { parseInfer } from './rest-request.ts'

const spec = { name: 'm', version: null, platform: 'onnx_onnxv1', outputs: [] }
const inputs: ModelSpec['inputs'] = [
  { name: 'x', datatype: 'FP32', dtype: 'float32', shape: [-1, 2] },
  { name: 'ids', datatype: 'INT64', dtype: 'int64', shape: [-1] },
  { name: 'text', datatype: 'BYTES', dtype: 'string', shape: [-1] },
  { name: 'on', datatype: 'BOOL', dtype: 'bool', shape: [] },
]
const feeds: Feeds = {
  x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1.5, -2) },
  ids: { dtype: 'int64', shape: [2], data: BigInt64Array.of(9007199254740993n, -1n) },
  text: { dtype: 'string', shape: [2], data: ['é', ''] },
  on: { dtype: 'bool', shape: [], data: Uint8Array.of(1) },
}

test.each([true, false])('what is written is what a server reads (binary %s)', (binary) => {
  const { body, headers } = encodeInferRequest(feeds, binary)
  const length = headers.find(([name]) => name === 'Inference-Header-Content-Length')?.[1]
  const read = parseInfer({ ...spec, inputs }, body, length === undefined ? null : Number(length))
  expect(read.feeds).toEqual(feeds)
  expect(read.binaryOutput).toBe(binary)
})

const half: Feeds = { h: { dtype: 'float16', shape: [1], data: Uint16Array.of(15360) } }

test('what the form cannot say is refused', () => {
  expect(encodeInferRequest(half, true).body.includes('"FP16"')).toBe(true)
  expect(() => encodeInferRequest(half, false)).toThrow(/JSON has no form of 16-bit floats/)
  const complex: Feeds = { c: { dtype: 'complex64', shape: [1], data: new Float32Array(2) } }
  expect(() => encodeInferRequest(complex, true)).toThrow(/'c' is complex64, which the protocol has no name for/)
})
