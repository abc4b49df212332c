import { create } from '@bufbuild/protobuf'
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { moduleOf, nameByModules } from './module-names.ts'

const node = (name: string, opType: string, scopes?: string) =>
  create(NodeProtoSchema, {
    name,
    opType,
    metadataProps: scopes === undefined ? [] : [{ key: 'pkg.torch.onnx.name_scopes', value: scopes }],
  })

test('the innermost module is the one before the operator itself', () => {
  expect(moduleOf(node('n', 'MatMul', "['', 'encoder', 'encoder.layers.3', 'encoder.layers.3.attn', 'linear_2']"))).toBe(
    'encoder.layers.3.attn',
  )
  expect(moduleOf(node('n', 'Add', "['', 'add']"))).toBe('')
  expect(moduleOf(node('n', 'Add'))).toBeNull()
  expect(moduleOf(node('n', 'Add', 'anything'))).toBeNull()
})

test('nodes are called after their module, each by a name of its own; the model that was given stays', () => {
  const given = create(ModelProtoSchema, {
    graph: create(GraphProtoSchema, {
      node: [
        node('node_1', 'MatMul', "['', 'head', 'linear']"),
        node('node_2', 'MatMul', "['', 'head', 'linear_1']"),
        node('node_3', 'Add', "['', 'add']"),
        node('node_4', 'Relu'),
      ],
    }),
  })
  expect(nameByModules(given).graph!.node.map(({ name }) => name)).toEqual(['head/MatMul', 'head/MatMul_1', 'Add', 'node_4'])
  expect(given.graph!.node[0]!.name).toBe('node_1')
  expect(nameByModules(create(ModelProtoSchema, {})).graph).toBeUndefined()
})
