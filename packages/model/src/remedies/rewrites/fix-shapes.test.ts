import { graph, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fixShapes } from './fix-shapes.ts'

/** Flattens [n, t, 4] to [n, t*4] the way exporters write it: Shape - Gather - Concat - Reshape. */
const flattening = (t: string | number | null) =>
  model({
    nodes: [
      node('Relu', ['x'], ['r']),
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n1']),
      node('Concat', ['n1', 'rest'], ['to'], { axis: 0 }),
      node('Reshape', ['r', 'to'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', ['n', t, 4])],
    outputs: [valueInfo('y', 'float32', ['n', null])],
    initializers: [int64Tensor('zero', [1], [0]), int64Tensor('rest', [1], [-1])],
    values: [valueInfo('r', 'float32', ['n', t, 4])],
  })
const twoInputs = model({
  nodes: [node('Concat', ['a', 'b'], ['y'], { axis: 0 })],
  inputs: [valueInfo('a', 'float32', ['n', 2]), valueInfo('b', 'float32', ['n', 2])],
  outputs: [valueInfo('y', 'float32', ['n', 2])],
})
const branch = (opType: string) => graph({ nodes: [node(opType, ['x'], ['b'])], outputs: [valueInfo('b', 'float32', ['n'])] })
const asksForSize = model({
  nodes: [
    node('Shape', ['x'], ['s']),
    node('Equal', ['s', 'three'], ['c']),
    node('If', ['c'], ['y'], { then_branch: branch('Neg'), else_branch: branch('Abs') }),
  ],
  inputs: [valueInfo('x', 'float32', ['n'])],
  outputs: [valueInfo('y', 'float32', ['n'])],
  initializers: [int64Tensor('three', [1], [3])],
})
const of = (rows: number) => ({ dtype: 'float32' as const, shape: [rows, 2], data: new Float32Array(2 * rows).fill(1) })
const constraints = { fixShapes: true }

checkRemedy(fixShapes, {
  applies: [
    {
      name: 'symbols and nameless dimensions, in inputs, outputs and between; what computes shapes is the saving',
      model: flattening(null),
      sizes: { n: 3 },
      evidence: { constraints },
      profiled: true,
      narrows: true,
      changes: /^input 'x' takes 3x2x4 only$/,
      check: ({ setup, predictedSavingMs }) => {
        const { inputs, outputs } = viewGraph(setup.model)
        expect(inputs[0]!.shape).toEqual([3, 2, 4])
        // The nameless dimension of the output may depend on the data.
        expect(outputs[0]!.shape).toEqual([3, null])
        expect(setup.model.proto.graph!.valueInfo.length).toBe(1)
        // Shape, Gather, Concat: 1 ms each.
        expect(predictedSavingMs).toBe(3)
      },
    },
    {
      name: 'one symbol fed in two sizes stays a symbol but where it is fed',
      model: twoInputs,
      feeds: { a: of(1), b: of(3) },
      evidence: { constraints },
      narrows: true,
      check: ({ setup }) => {
        expect(viewGraph(setup.model).inputs.map(({ shape }) => shape)).toEqual([
          [1, 2],
          [3, 2],
        ])
        expect(viewGraph(setup.model).outputs[0]!.shape).toEqual(['n', 2])
      },
    },
    {
      name: 'the branch that the sizes decide is taken',
      model: asksForSize,
      sizes: { n: 3 },
      evidence: { constraints },
      narrows: true,
      operators: ['Neg', 'Identity'],
      changes: /^input 'x' takes 3 only\n1 If replaced by the branch that these sizes take$/,
    },
  ],
  leaves: [
    { name: 'nobody wished it', model: flattening('t') },
    {
      name: 'every dimension is fixed',
      model: model({
        nodes: [node('Relu', ['x'], ['y'])],
        inputs: [valueInfo('x', 'float32', [2])],
        outputs: [valueInfo('y', 'float32', [2])],
      }),
      evidence: { constraints },
    },
    { name: 'several samples in a prediction', model: flattening('t'), evidence: { constraints }, setup: { batchFactor: 4 } },
  ],
})
