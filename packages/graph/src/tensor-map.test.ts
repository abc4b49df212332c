import { create } from '@bufbuild/protobuf'
import { AttributeProtoSchema, AttributeProto_AttributeType as AttributeType, SparseTensorProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { stripWeights } from '../test/support/strip.ts'
import { floatTensor, graph, int64Tensor, model, node } from './build.ts'
import { copyWith } from './copy.ts'
import { mapTensors } from './tensor-map.ts'

const sparse = create(SparseTensorProtoSchema, {
  values: floatTensor('values', [2], [1, 2]),
  indices: int64Tensor('indices', [2], [0, 3]),
  dims: [4n],
})
const holder = copyWith(node('Custom', ['x'], ['y']), {
  attribute: [create(AttributeProtoSchema, { name: 'tables', type: AttributeType.SPARSE_TENSORS, sparseTensors: [sparse] })],
})
const inner = graph({
  nodes: [node('Constant', [], ['k'], { value: floatTensor('inner', [1], [3]) })],
  outputs: [],
  name: 'body',
})
const plain = node('Relu', ['y'], ['z'])
const proto = model({ nodes: [holder, plain, node('Loop', [''], [''], { body: inner })], inputs: [], outputs: [] })

test('every tensor is given to the map, those of lists of sparse tensors and of subgraphs too', () => {
  const names: string[] = []
  const mapped = mapTensors(proto, (tensor) => {
    names.push(tensor.name)
    return tensor
  })
  expect(names).toEqual(['values', 'indices', 'inner'])
  expect(mapped.graph!.node[1]).toBe(plain)
})

test('weights in a list of sparse tensors are stripped', () => {
  const stripped = stripWeights(proto, 0).graph!.node[0]!.attribute[0]!.sparseTensors[0]!
  expect(stripped.values!.rawData).toHaveLength(0)
})
