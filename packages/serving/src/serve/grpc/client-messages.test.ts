import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { expect, test } from 'vitest'
import type { ModelSpec } from '../protocol.ts'
import { readDeclaredInputs, writeInferRequest, writeModelName } from './client-messages.ts'
import { parseGrpcInfer } from './infer.ts'
import { readModelName, writeModelMetadata } from './messages.ts'

const model: ModelSpec = {
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: [
    { name: 'x', datatype: 'FP32', dtype: 'float32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT64', dtype: 'int64', shape: [1] },
  ],
  outputs: [],
}

test('a request is read by the server as it was written', () => {
  const feeds: Feeds = {
    x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1.5, -2) },
    n: { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 60n) },
  }
  expect(parseGrpcInfer(model, writeInferRequest({ name: 'm', version: '' }, feeds)).feeds).toEqual(feeds)
  expect(() => parseGrpcInfer(model, writeInferRequest({ name: 'm', version: '7' }, feeds))).toThrow(/no such model/)
})

test('metadata are read as the server writes them, names too', () => {
  expect(readDeclaredInputs(writeModelMetadata(model))).toEqual([
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT64', shape: [1] },
  ])
  expect(readModelName(writeModelName({ name: 'm', version: '3' }))).toEqual({ name: 'm', version: '3' })
})

test('what has no name in the protocol is refused', () => {
  const feeds = { x: { dtype: 'int4', shape: [1], data: new Int8Array(1) } } as unknown as Feeds
  expect(() => writeInferRequest({ name: 'm', version: '' }, feeds)).toThrow(/no name for/)
})
