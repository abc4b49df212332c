import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, AttributeProto_AttributeType as Type } from 'onnx-buf'
import { expect, test } from 'vitest'
import { floatTensor, graph, model, modelFunction, node, valueInfo, writeModel } from './build.ts'
import { copyWith } from './copy.ts'

test('attributes get the type that ONNX wants', () => {
  const made = node('N', [], [], {
    int: 3,
    float: 0.5,
    said: { float: 3 },
    big: 2n ** 60n,
    ints: [1, 2],
    floats: [1, 0.5],
    saidList: { floats: [1, 2] },
    empty: [],
    text: 'abc',
    texts: ['a'],
    tensor: floatTensor('', [], [1]),
    body: graph({ nodes: [], outputs: [] }),
  })
  expect(made.attribute.map(({ name, type }) => [name, Type[type]])).toEqual([
    ['int', 'INT'],
    ['float', 'FLOAT'],
    ['said', 'FLOAT'],
    ['big', 'INT'],
    ['ints', 'INTS'],
    ['floats', 'FLOATS'],
    ['saidList', 'FLOATS'],
    ['empty', 'INTS'],
    ['text', 'STRING'],
    ['texts', 'STRINGS'],
    ['tensor', 'TENSOR'],
    ['body', 'GRAPH'],
  ])
})

const proto = model({
  nodes: [
    node({ opType: 'Conv', name: 'conv' }, ['x', 'w'], ['y'], { pads: [1, 1, 1, 1], group: 1, auto_pad: 'NOTSET', alpha: 0.1 }),
  ],
  inputs: [valueInfo('x', 'float32', ['batch', 3, null, 8])],
  outputs: [valueInfo('y', 'float32')],
  initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
  functions: [modelFunction({ name: 'F', domain: 'local', inputs: ['a'], outputs: ['a'], nodes: [] })],
})

test('a model is written and read back byte for byte', () => {
  const bytes = writeModel(proto)
  expect(toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, bytes))).toEqual(bytes)
})

test('fields that ONNX does not know yet are kept', () => {
  const bytes = writeModel(proto)
  // Field 900 as a string of 3 bytes: tag 900 * 8 + 2 = 7202 = 0xa2 0x38, length 3.
  const extended = Uint8Array.of(...bytes, 0xa2, 0x38, 3, 0x61, 0x62, 0x63)
  expect(toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, extended))).toEqual(extended)
})

test('copyWith shares what stays, keeps defaults, and unsets fields', () => {
  const original = proto.graph!.node[0]!
  const copy = copyWith(original, { name: undefined, opType: 'ConvTranspose' })
  expect([copy.opType, copy.name, copy.docString]).toEqual(['ConvTranspose', '', ''])
  expect(copy.attribute).toBe(original.attribute)
  expect([original.opType, original.name]).toEqual(['Conv', 'conv'])
  const changed = copyWith(proto, { graph: copyWith(proto.graph!, { node: [copy] }) })
  expect(fromBinary(ModelProtoSchema, writeModel(changed)).graph!.node[0]!.opType).toBe('ConvTranspose')
})
