import { describe, expect, test } from 'vitest'
import { stripWeights } from '../test/support/strip.ts'
import { floatTensor, graph, int64Tensor, model, modelInMemory, node, rawTensor, stringTensor, valueInfo } from './build.ts'
import { modelFacts } from './facts.ts'
import { viewGraph } from './view.ts'

const branch = (name: string) =>
  graph({
    nodes: [
      node('Constant', [], [`${name}_k`], { value: floatTensor('', [], [2]) }),
      node({ opType: 'Mul', name: `${name}/mul` }, ['x', `${name}_k`], [name]),
    ],
    outputs: [valueInfo(name, 'float32', [4])],
    name,
  })

const proto = model({
  nodes: [
    node('Constant', [], ['shape'], { value: int64Tensor('', [2], [2, -1]) }),
    node({ opType: 'Reshape', domain: 'ai.onnx', name: 'reshape' }, ['x', 'shape'], ['reshaped']),
    node('Conv', ['reshaped', 'w', ''], ['', 'y'], { pads: [1, 1], auto_pad: 'NOTSET', alpha: 0.5, names: ['a', 'b'], none: [] }),
    node('ConstantOfShape', ['shape'], ['filled'], { value: rawTensor('', 'int8', [1], Uint8Array.of(3)) }),
    node('If', ['flag'], [''], { then_branch: branch('then'), else_branch: branch('else') }),
  ],
  inputs: [
    valueInfo('x', 'float32', ['batch', 4, null]),
    valueInfo('flag', 'bool', []),
    valueInfo('w', 'float32', [65]),
    valueInfo('any', 'int64'),
  ],
  outputs: [valueInfo('y', 'float32', [-1, 4])],
  values: [valueInfo('reshaped', 'float32', [2, 8]), valueInfo('filled', 'float32', ['n', 2])],
  initializers: [
    floatTensor('w', [65], new Array(65).fill(1)),
    rawTensor('ids', 'int8', [4097], new Uint8Array(4097)),
    int64Tensor('list', [100], new Array(100).fill(7)),
    floatTensor('scale', [], [-Infinity]),
    stringTensor('constructor', [1], ['text']),
  ],
  opsets: { local: 3 },
})
const view = viewGraph(modelInMemory(proto))

describe('viewGraph', () => {
  test('Constant nodes become constants; the other nodes keep their order', () => {
    expect(view.nodes.map(({ opType }) => opType)).toEqual(['Reshape', 'Conv', 'ConstantOfShape', 'If'])
    expect(view.constants.shape).toEqual({
      name: 'shape',
      dtype: 'int64',
      shape: [2],
      sizeBytes: 16,
      from: 'constant-node',
      isGraphInput: false,
      values: [2, -1],
    })
  })

  test('names: own, first output that is not omitted, operator and place', () => {
    expect(view.nodes.map(({ name }) => name)).toEqual(['reshape', 'y', 'filled', 'If_4'])
  })

  test('attributes are plain; the domain of ai.onnx is empty', () => {
    const conv = view.nodes[1]!
    expect(view.nodes[0]!.domain).toBe('')
    expect({ ...conv.attributes }).toEqual({ pads: [1, 1], auto_pad: 'NOTSET', alpha: 0.5, names: ['a', 'b'], none: [] })
    expect(conv.inputs).toEqual(['reshaped', 'w', ''])
    expect(view.nodes[2]!.attributes.value).toEqual({ dtype: 'int8', shape: [1] })
  })

  test('values: few numbers of any type, more integers, never many', () => {
    const { w, ids, list, scale } = view.constants
    expect(w).toMatchObject({ isGraphInput: true, sizeBytes: 260 })
    expect([w!.values, ids!.values]).toEqual([undefined, undefined])
    expect(list!.values).toHaveLength(100)
    expect(scale!.values).toEqual([-Infinity])
  })

  test('a name that every object has is found only where the graph has it', () => {
    expect(view.constants.constructor).toMatchObject({ dtype: 'string', sizeBytes: 4 })
    expect(view.types.constructor).toBeUndefined()
  })

  test('inputs without initializers; dimensions as declared', () => {
    expect(view.inputs).toEqual([
      { name: 'x', kind: 'tensor', dtype: 'float32', shape: ['batch', 4, null] },
      { name: 'flag', kind: 'tensor', dtype: 'bool', shape: [] },
      { name: 'any', kind: 'tensor', dtype: 'int64', shape: null },
    ])
    expect(view.outputs).toEqual([{ name: 'y', kind: 'tensor', dtype: 'float32', shape: [null, 4] }])
    expect({ ...view.types }).toEqual({ reshaped: { dtype: 'float32', shape: [2, 8] } })
  })

  test('subgraphs hold their own constants', () => {
    const { then_branch } = view.nodes[3]!.subgraphs
    expect(then_branch!.nodes.map(({ name }) => name)).toEqual(['then/mul'])
    expect(then_branch!.constants.then_k!.values).toEqual([2])
    expect(view.nodes[3]!.attributes).not.toHaveProperty('then_branch')
  })

  test('survives JSON', () => {
    const { constants, nodes } = JSON.parse(JSON.stringify(view))
    expect([Object.keys(constants).length, nodes.length]).toEqual([6, 4])
  })
})

test('stripWeights takes large data out of a copy and leaves the original', () => {
  const stripped = stripWeights(proto, 100)
  const seen = viewGraph(modelInMemory(stripped))
  expect(seen.constants.w).toEqual(view.constants.w)
  expect(seen.constants.shape!.values).toEqual([2, -1])
  expect(seen.constants.list!.values).toBeUndefined()
  expect(stripped.graph!.initializer.map(({ rawData }) => rawData.length)).toEqual([0, 0, 0, 4, 0])
  expect(proto.graph!.initializer.map(({ rawData }) => rawData.length)).toEqual([260, 4097, 800, 4, 0])
})

test('modelFacts', () => {
  expect(modelFacts(modelInMemory(proto))).toEqual({
    file: 'graph',
    format: 'onnx',
    sha256: '',
    sizeBytes: 0,
    opsets: { '': 17, local: 3 },
    producer: 'whyslow',
    irVersion: 8,
    // 65 + 4097 + 1 and the two constants of the branches; int64 and strings are not learned.
    parameters: 65 + 4097 + 1 + 2,
    // and shape 16, list 800, text 4
    weightsBytes: 260 + 4097 + 4 + 8 + 16 + 800 + 4,
    // Reshape, Conv, ConstantOfShape, If, and a Mul in each branch
    nodes: 6,
  })
})
