import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { fourSamples } from './four-samples.ts'

type Shape = readonly number[]
type Given = { nodes: ModelParts['nodes']; inputs: Readonly<Record<string, Shape>>; output: Shape }

const WEIGHTS = [
  floatTensor('w', [8, 8], new Float32Array(64)),
  floatTensor('scale', [8], new Float32Array(8)),
  floatTensor('table', [50, 8], new Float32Array(400)),
  int64Tensor('heads', [4], [1, 6, 2, 4]),
  int64Tensor('rows', [2], [6, 8]),
  int64Tensor('flat', [2], [-1, 48]),
  int64Tensor('wide', [3], [1, 6, 8]),
  int64Tensor('rest', [1], [48]),
  int64Tensor('last', [1], [-1]),
  int64Tensor('whole', [1], [0]),
  int64Tensor('two', [1], [2]),
  int64Tensor('sample', [1], [1]),
  int64Tensor('open', [1], [-1]),
]

/** Shapes of all inputs and of the output 'y' with four times as many samples. */
function shapes({ nodes, inputs, output }: Given) {
  const of = modelInMemory(
    model({
      nodes,
      inputs: Object.entries(inputs).map(([name, shape]) => valueInfo(name, name === 'ids' ? 'int64' : 'float32', shape)),
      outputs: [valueInfo('y', 'float32', output)],
      initializers: WEIGHTS.filter(({ name }) => nodes.some(({ input }) => input.includes(name))),
      opset: 18,
    }),
  )
  const found = fourSamples(of)
  return found && [...found.model.proto.graph!.input, ...found.model.proto.graph!.output].map((one) => declaration(one).shape)
}

const kept: Readonly<Record<string, Given>> = {
  'elementwise operators with a factor for each channel': {
    nodes: [node('Mul', ['x', 'scale'], ['m']), node('Sigmoid', ['m'], ['s']), node('Mul', ['m', 's'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [1, 6, 8],
  },
  'a normalization in pieces': {
    nodes: [node('ReduceMean', ['x', 'last'], ['m']), node('Sub', ['x', 'm'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [1, 6, 8],
  },
  'a product with weights, brought into heads': {
    nodes: [
      node('MatMul', ['x', 'w'], ['p']),
      node('Reshape', ['p', 'heads'], ['r']),
      node('Transpose', ['r'], ['y'], { perm: [0, 2, 1, 3] }),
    ],
    inputs: { x: [1, 6, 8] },
    output: [1, 2, 6, 4],
  },
  'a shape that is computed of what counts samples': {
    nodes: [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'whole'], ['n']),
      node('Concat', ['n', 'rest'], ['to'], { axis: 0 }),
      node('Reshape', ['x', 'to'], ['y']),
    ],
    inputs: { x: [1, 6, 8] },
    output: [1, 48],
  },
  'a shape that leaves open how many samples there are': {
    nodes: [node('Reshape', ['x', 'flat'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [1, 48],
  },
  'values spread along another axis': {
    nodes: [node('Expand', ['x', 'wide'], ['y'])],
    inputs: { x: [1, 6, 1] },
    output: [1, 6, 8],
  },
  'a product of two matrices for each head': {
    nodes: [node('MatMul', ['x', 'k'], ['y'])],
    inputs: { x: [1, 2, 6, 4], k: [1, 2, 4, 6] },
    output: [1, 2, 6, 6],
  },
  'rows of a table': { nodes: [node('Gather', ['table', 'ids'], ['y'])], inputs: { ids: [1, 6] }, output: [1, 6, 8] },
  'a forest': {
    nodes: [node({ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml' }, ['x'], ['y'])],
    inputs: { x: [1, 8] },
    output: [1, 1],
  },
  'what is added before it is normalized': {
    nodes: [node({ opType: 'SkipLayerNormalization', domain: 'com.microsoft' }, ['x', 'k', 'scale'], ['y'])],
    inputs: { x: [1, 6, 8], k: [1, 6, 8] },
    output: [1, 6, 8],
  },
  'values joined along their last axis': {
    nodes: [node('Concat', ['x', 'k'], ['y'], { axis: -1 })],
    inputs: { x: [1, 6, 8], k: [1, 6, 2] },
    output: [1, 6, 10],
  },
}

test.each(Object.entries(kept))('%s', (_, given) => {
  const four = [...Object.values(given.inputs), given.output].map(([, ...rest]) => [4, ...rest])
  expect(shapes(given)).toEqual(four)
})

test('rows of a model without samples are none: nobody can give it more', () => {
  expect(shapes({ nodes: [node('Gemm', ['x', 'w'], ['y'])], inputs: { x: [6, 8] }, output: [6, 8] })).toBeUndefined()
  const nodes = [node('Gather', ['table', 'ids'], ['y'])]
  expect(shapes({ nodes, inputs: { ids: [6] }, output: [6, 8] })).toBeUndefined()
})

test('the steps of a recurrent operator come before its samples', () => {
  const nodes = [node('GRU', ['x', 'wide', 'deep'], ['y'], { hidden_size: 2 })]
  const weights = { wide: [1, 6, 8], deep: [1, 6, 2] }
  const of = modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', [5, 1, 8])],
      outputs: [valueInfo('y', 'float32', [5, 1, 1, 2])],
      initializers: Object.entries(weights).map(([name, shape]) => floatTensor(name, shape, new Float32Array(48))),
    }),
  )
  const { input, output } = fourSamples(of)!.model.proto.graph!
  expect([...input, ...output].map((one) => declaration(one).shape)).toEqual([
    [5, 4, 8],
    [5, 1, 4, 2],
  ])
})

const lost: Readonly<Record<string, Given>> = {
  'the axis of samples goes to the end': {
    nodes: [node('Transpose', ['x'], ['y'], { perm: [1, 0, 2] })],
    inputs: { x: [1, 6, 8] },
    output: [6, 1, 8],
  },
  'samples and rows become one axis': {
    nodes: [node('Reshape', ['x', 'rows'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [6, 8],
  },
  'a computed shape has one sample and leaves another axis open': {
    nodes: [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'last'], ['n']),
      node('Concat', ['sample', 'open', 'n'], ['to'], { axis: 0 }),
      node('Reshape', ['x', 'to'], ['y']),
    ],
    inputs: { x: [1, 2, 3, 8] },
    output: [1, 6, 8],
  },
  'a mean is taken over samples': {
    nodes: [node('ReduceMean', ['x', 'whole'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [1, 6, 8],
  },
  'samples are put side by side': {
    nodes: [node('Concat', ['x', 'k'], ['y'], { axis: 0 })],
    inputs: { x: [1, 8], k: [1, 8] },
    output: [2, 8],
  },
  'an operand has fewer axes': {
    nodes: [node('Add', ['x', 'k'], ['y'])],
    inputs: { x: [1, 6, 8], k: [1, 8] },
    output: [1, 6, 8],
  },
  'two matrices are multiplied that both have as many rows': {
    nodes: [node('MatMul', ['x', 'k'], ['y'])],
    inputs: { x: [8, 8], k: [8, 8] },
    output: [8, 8],
  },
  'nothing but the sizes of samples is given': {
    nodes: [node('Shape', ['x'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [3],
  },
  'an operator is not known to keep samples apart': {
    nodes: [node('CumSum', ['x', 'two'], ['y'])],
    inputs: { x: [1, 6, 8] },
    output: [1, 6, 8],
  },
}

test.each(Object.entries(lost))('none where %s', (_, given) => {
  expect(shapes(given)).toBeUndefined()
})
