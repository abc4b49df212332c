import { floatTensor, graph, int64Tensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { exampleEvidence, exampleSetup } from '../../../test/support/remedies/example-evidence.ts'
import { float16 } from './float16.ts'

const ramp = (count: number, from = -1) => Array.from({ length: count }, (_, k) => from + (2 * ((k * 7) % count)) / count)
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', [2, 6])],
    outputs: [valueInfo('y', 'float32', [2, 5])],
    initializers: [
      floatTensor('w', [6, 5], ramp(30)),
      floatTensor('b', [5], ramp(5)),
      floatTensor('mask', [5], [0, -1e9, 0, 0, 0]),
      floatTensor('scales', [4], [1, 1, 2, 2]),
      floatTensor('conv', [3, 3, 1, 1], ramp(9)),
      floatTensor('zero', [], [0]),
      int64Tensor('k', [1], [5]),
      int64Tensor('shape', [2], [2, 5]),
    ],
    ...rest,
  })
const product = node('MatMul', ['x', 'w'], ['m'])
const gpu = { offers: ['float16' as const], constraints: { maxLoss: 0.01 } }
/** The CPU that tests run on takes the model, with casts around every operator. */
const applies = { evidence: gpu, tolerance: 4e-3, took: null }

checkRemedy(float16, {
  applies: [
    {
      ...applies,
      name: 'weights, inputs and outputs',
      model: make([product, node('Add', ['m', 'b'], ['y'])]),
      operators: ['Cast', 'MatMul', 'Add', 'Cast'],
      changes: /^2 operators in float16$/,
      check: ({ setup }) => {
        const { constants } = viewGraph(setup.model)
        expect(Object.values(constants).map(({ dtype }) => dtype)).toEqual(['float16', 'float16'])
      },
    },
    {
      ...applies,
      name: 'what stays in float32 stands between casts',
      model: make([product, node('TopK', ['m', 'k'], ['t', 'i']), node('Add', ['t', 'b'], ['y'])]),
      operators: ['Cast', 'MatMul', 'Cast', 'TopK', 'Cast', 'Add', 'Cast'],
      changes: /^2 operators in float16; in float32 stay TopK$/,
    },
    {
      ...applies,
      name: 'blocked operators at the ends of the model, and a value that both kinds read',
      model: make([product, node('Min', ['m', 'b'], ['n']), node('Max', ['n', 'm'], ['y'])]),
      changes: /stay Min, Max/,
    },
    {
      ...applies,
      name: 'weights too large are clamped, and said',
      model: make([product, node('Add', ['m', 'mask'], ['s']), node('Softmax', ['s'], ['y'])]),
      changes: /1 weight beyond ±65504 clamped to it/,
    },
    {
      ...applies,
      name: 'a Cast to float32 gives float16',
      model: make([
        node('Cast', ['x'], ['i'], { to: 6 }),
        node('Cast', ['i'], ['f'], { to: 1 }),
        node('MatMul', ['f', 'w'], ['y']),
      ]),
      operators: ['Cast', 'Cast', 'Cast', 'MatMul', 'Cast'],
    },
    {
      ...applies,
      name: 'scales of Resize stay float32',
      model: make([node('Conv', ['x', 'conv'], ['c']), node('Resize', ['c', '', 'scales'], ['y'], { mode: 'linear' })], {
        inputs: [valueInfo('x', 'float32', [1, 3, 4, 4])],
        outputs: [valueInfo('y', 'float32', [1, 3, 8, 8])],
      }),
    },
    {
      ...applies,
      name: 'a branch works in float32 on what it captures',
      model: make([
        product,
        node('ReduceMean', ['m'], ['mean'], { keepdims: 0 }),
        node('Greater', ['mean', 'zero'], ['positive']),
        node('If', ['positive'], ['y'], {
          then_branch: graph({ nodes: [node('Add', ['m', 'b'], ['t'])], outputs: [valueInfo('t', 'float32', [2, 5])] }),
          else_branch: graph({ nodes: [node('Sub', ['m', 'b'], ['e'])], outputs: [valueInfo('e', 'float32', [2, 5])] }),
        }),
      ]),
      changes: /stay If/,
    },
    {
      ...applies,
      name: 'weights in Constant nodes, an output that is read on',
      model: make(
        [node('Constant', [], ['c'], { value: floatTensor('', [5], ramp(5)) }), product, node('Mul', ['m', 'c'], ['y'])],
        {
          outputs: [valueInfo('m', 'float32', [2, 5]), valueInfo('y', 'float32', [2, 5])],
        },
      ),
    },
    { ...applies, name: 'a transformer', model: transformerBlocks(), tolerance: 2e-2 },
    {
      ...applies,
      name: 'on a CPU for the size alone',
      model: make([product, node('Add', ['m', 'b'], ['y'])]),
      evidence: { goal: 'size', constraints: { maxLoss: 0.01 } },
    },
  ],
  leaves: [
    {
      name: 'a CPU, which is slower in float16',
      model: make([product, node('Add', ['m', 'b'], ['y'])]),
      evidence: { constraints: { maxLoss: 0.01 } },
    },
    { name: 'no loss is allowed', model: make([product, node('Add', ['m', 'b'], ['y'])]), evidence: { offers: gpu.offers } },
    {
      name: 'integers alone',
      model: make([node('Reshape', ['x', 'shape'], ['y'])], {
        inputs: [valueInfo('x', 'int64', [10])],
        outputs: [valueInfo('y', 'int64', [2, 5])],
      }),
      evidence: gpu,
    },
  ],
})

test('a value of unknown type: nothing is proposed', () => {
  const mystery = make([node({ opType: 'Mystery', domain: 'example' }, ['x'], ['m']), node('Relu', ['m'], ['y'])], {
    opsets: { example: 1 },
  })
  expect(
    float16.apply(exampleSetup(mystery), exampleEvidence(gpu), { optimize: async () => exampleSetup(mystery).model }),
  ).toEqual([])
})
