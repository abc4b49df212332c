import { graph, type ModelParts, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { float32 } from './float32.ts'

const doubles = (name: string, shape: readonly number[], values: readonly number[]) =>
  rawTensor(name, 'float64', shape, new Uint8Array(Float64Array.from(values).buffer))
const ramp = (count: number) => Array.from({ length: count }, (_, k) => -1 + (2 * ((k * 7) % count)) / count)
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float64', [2, 6])],
    outputs: [valueInfo('y', 'float64', [2, 5])],
    initializers: [doubles('w', [6, 5], ramp(30)), doubles('b', [5], ramp(5)), doubles('mask', [5], [0, -1.79e308, 0, 0, 0])],
    ...rest,
  })
const product = node('MatMul', ['x', 'w'], ['m'])
const applies = { evidence: { constraints: { maxLoss: 0.01 } }, tolerance: 1e-5 }

checkRemedy(float32, {
  applies: [
    {
      ...applies,
      name: 'weights and operators; inputs and outputs stay',
      model: make([product, node('Add', ['m', 'b'], ['y'])]),
      operators: ['Cast', 'MatMul', 'Add', 'Cast'],
      changes: /^2 operators in float32$/,
      check: ({ setup }) => {
        const { constants } = viewGraph(setup.model)
        expect(Object.values(constants).map(({ dtype }) => dtype)).toEqual(['float32', 'float32'])
      },
    },
    {
      ...applies,
      name: 'a mask below the least float32 stays finite',
      model: make([product, node('Add', ['m', 'mask'], ['s']), node('Softmax', ['s'], ['y'])]),
      changes: /1 weight beyond the largest float32 clamped to it/,
    },
    {
      ...applies,
      name: 'a Cast to float64 in the middle',
      model: make([
        product,
        node('Cast', ['m'], ['n'], { to: 1 }),
        node('Cast', ['n'], ['d'], { to: 11 }),
        node('Add', ['d', 'b'], ['y']),
      ]),
      operators: ['Cast', 'MatMul', 'Cast', 'Cast', 'Add', 'Cast'],
    },
    {
      ...applies,
      name: 'a branch works in float64 on what it captures',
      model: make(
        [
          product,
          node('If', ['positive'], ['y'], {
            then_branch: graph({ nodes: [node('Add', ['m', 'b'], ['t'])], outputs: [valueInfo('t', 'float64', [2, 5])] }),
            else_branch: graph({ nodes: [node('Sub', ['m', 'b'], ['e'])], outputs: [valueInfo('e', 'float64', [2, 5])] }),
          }),
        ],
        { inputs: [valueInfo('x', 'float64', [2, 6]), valueInfo('positive', 'bool', [])] },
      ),
      changes: /stay If/,
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: make([product, node('Add', ['m', 'b'], ['y'])]), evidence: {} },
    {
      name: 'float32 between casts',
      model: make([node('Cast', ['x'], ['c'], { to: 1 }), node('Relu', ['c'], ['r']), node('Cast', ['r'], ['y'], { to: 11 })], {
        outputs: [valueInfo('y', 'float64', [2, 6])],
      }),
      evidence: applies.evidence,
    },
  ],
})
