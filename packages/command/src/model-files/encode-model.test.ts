import fs from 'node:fs'
import path from 'node:path'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { type ModelProto, ModelProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { encodeModel, sizeOf } from './encode-model.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../../fixtures/models')

/** The file's bytes, read again and written by protobuf's own encoder. */
function roundTrip(proto: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, Buffer.concat(encodeModel(proto))))
}

test.each(['if-subgraph', 'local-function', 'initializers-as-inputs', 'credit_xgb', 'external-data', 'qdq'])(
  '%s: the chunks hold the same message',
  (name) => {
    const proto = fromBinary(ModelProtoSchema, fs.readFileSync(path.join(FIXTURES, `${name}.onnx`)))
    expect(Buffer.compare(roundTrip(proto), toBinary(ModelProtoSchema, proto))).toBe(0)
  },
)

test('lengths of several bytes, weights not copied', () => {
  // 50,000 float32 are 200,000 bytes, whose length takes three bytes; 40 take one (160 needs two).
  const weights = [40, 50_000].map((count) => floatTensor(`w${count}`, [count], new Array(count).fill(1.5)))
  const proto = model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32')],
    outputs: [valueInfo('y', 'float32')],
    initializers: weights,
  })
  const chunks = encodeModel(proto)
  expect(chunks).toContain(weights[1]!.rawData)
  expect(sizeOf(chunks)).toBe(toBinary(ModelProtoSchema, proto).byteLength)
  expect(Buffer.compare(roundTrip(proto), toBinary(ModelProtoSchema, proto))).toBe(0)
})

test('a model without a graph', () => {
  const proto = copyWith(model({ nodes: [], outputs: [] }), { graph: undefined })
  expect(Buffer.compare(roundTrip(proto), toBinary(ModelProtoSchema, proto))).toBe(0)
})

test('the fields stand in the order of their numbers, however many opset imports there are', () => {
  const proto = model({ nodes: [node('Relu', ['x'], ['y'])], outputs: [valueInfo('y', 'float32')] })
  const two = copyWith(proto, { opsetImport: [...proto.opsetImport, ...proto.opsetImport], producerName: 'me', docString: 'x' })
  expect(Buffer.compare(Buffer.concat(encodeModel(two)), toBinary(ModelProtoSchema, two))).toBe(0)
  const strange = copyWith(two, { $unknown: [{ no: 99, wireType: 0, data: Uint8Array.of(7) }] })
  expect(Buffer.compare(Buffer.concat(encodeModel(strange)), toBinary(ModelProtoSchema, strange))).toBe(0)
})
