import { floatTensor, graph, int64Tensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { trainingLeftovers } from './training-leftovers.ts'

type Nodes = Parameters<typeof model>[0]['nodes']
type Parts = Partial<Parameters<typeof model>[0]>

/** A graph from x [n, 3, 4] to y. */
const chain = (nodes: Nodes, parts: Parts = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['n', 3, 4])],
    outputs: [valueInfo('y', 'float32', ['n', 3, 4])],
    ...parts,
  })
const scalar = (name: string, value: number) => floatTensor(name, [], [value])
const bool = (name: string, value: number) => rawTensor(name, 'bool', [], Uint8Array.of(value))
/** x -> Relu -> the node -> Neg -> y */
const between = (opType: string, inputs: readonly string[], attributes = {}, parts: Parts = {}) =>
  chain([node('Relu', ['x'], ['r']), node(opType, ['r', ...inputs], ['s'], attributes), node('Neg', ['s'], ['y'])], parts)

const gone = ['Relu', 'Neg']

checkRemedy(trainingLeftovers, {
  applies: [
    { name: 'Identity', model: between('Identity', []), operators: gone, changes: /^taken out: 1 Identity$/ },
    {
      name: 'Dropout, with a mask that nobody reads',
      model: chain([node('Relu', ['x'], ['r']), node('Dropout', ['r', 'ratio'], ['d', 'mask']), node('Neg', ['d'], ['y'])], {
        initializers: [scalar('ratio', 0.5)],
      }),
      operators: gone,
    },
    {
      name: 'Dropout that is told not to train',
      model: between('Dropout', ['ratio', 'training'], {}, { initializers: [scalar('ratio', 0.5), bool('training', 0)] }),
      operators: gone,
    },
    { name: 'Dropout of opset 7', model: between('Dropout', [], { ratio: 0.5 }, { opset: 7 }), operators: gone },
    { name: 'Cast to the type that is there', model: between('Cast', [], { to: 1 }), operators: gone },
    { name: 'Transpose to the order that is there', model: between('Transpose', [], { perm: [0, 1, 2] }), operators: gone },
    {
      name: 'Reshape to the shape that is there, by copying, by number and by what is left',
      model: between('Reshape', ['to'], {}, { initializers: [int64Tensor('to', [3], [0, 3, -1])] }),
      operators: gone,
    },
    {
      name: 'a chain of them, of which the last makes an output and the first reads an input',
      model: chain([
        node('Identity', ['x'], ['a']),
        node('Relu', ['a'], ['r']),
        node('Identity', ['r'], ['b']),
        node('Concat', ['b'], ['c'], { axis: 1 }),
        node('Identity', ['c'], ['y']),
      ]),
      operators: ['Relu'],
      profiled: true,
      changes: /^taken out: 3 Identity, 1 Concat$/,
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(4),
    },
    {
      name: 'Identity to an output whose source others read too',
      model: chain([node('Relu', ['x'], ['r']), node('Identity', ['r'], ['y']), node('Neg', ['r'], ['z'])], {
        outputs: [valueInfo('y', 'float32', ['n', 3, 4]), valueInfo('z', 'float32', ['n', 3, 4])],
      }),
      operators: ['Relu', 'Neg'],
    },
    {
      name: 'Flatten of a matrix',
      model: model({
        nodes: [node('Relu', ['x'], ['r']), node('Flatten', ['r'], ['s']), node('Neg', ['s'], ['y'])],
        inputs: [valueInfo('x', 'float32', ['n', 3])],
        outputs: [valueInfo('y', 'float32', ['n', 3])],
      }),
      operators: gone,
    },
    {
      name: 'inside a branch, also of a value from outside it',
      model: model({
        nodes: [
          node('Relu', ['x'], ['r']),
          node('ReduceMax', ['x'], ['top'], { keepdims: 0 }),
          node('Greater', ['top', 'zero'], ['isPositive']),
          node('If', ['isPositive'], ['y'], {
            then_branch: graph({
              nodes: [node('Identity', ['r'], ['t']), node('Neg', ['t'], ['a'])],
              outputs: [valueInfo('a', 'float32', [3])],
            }),
            else_branch: graph({
              nodes: [node('Abs', ['r'], ['u']), node('Identity', ['u'], ['b'])],
              outputs: [valueInfo('b', 'float32', [3])],
            }),
          }),
        ],
        inputs: [valueInfo('x', 'float32', [3])],
        outputs: [valueInfo('y', 'float32', [3])],
        initializers: [scalar('zero', 0)],
      }),
      changes: /^taken out: 2 Identity$/,
    },
  ],
  leaves: [
    {
      name: 'Dropout whose mask is read',
      model: chain([node('Relu', ['x'], ['r']), node('Dropout', ['r'], ['d', 'mask']), node('Where', ['mask', 'd', 'r'], ['y'])]),
    },
    {
      name: 'Dropout whose mask is an output',
      model: chain([node('Dropout', ['x'], ['y', 'mask'])], {
        outputs: [valueInfo('y', 'float32', ['n', 3, 4]), valueInfo('mask', 'bool', ['n', 3, 4])],
      }),
    },
    {
      name: 'Dropout that may be told to train',
      model: between(
        'Dropout',
        ['ratio', 'training'],
        {},
        {
          inputs: [valueInfo('x', 'float32', ['n', 3, 4]), valueInfo('training', 'bool', [])],
          initializers: [scalar('ratio', 0)],
        },
      ),
    },
    { name: 'Identity from an input to an output', model: chain([node('Identity', ['x'], ['y'])]) },
    {
      name: 'Identity between two outputs',
      model: chain([node('Relu', ['x'], ['y']), node('Identity', ['y'], ['z'])], {
        outputs: [valueInfo('y', 'float32', ['n', 3, 4]), valueInfo('z', 'float32', ['n', 3, 4])],
      }),
    },
    {
      name: 'Cast to another type',
      model: chain([node('Cast', ['x'], ['y'], { to: 11 })], { outputs: [valueInfo('y', 'float64', ['n', 3, 4])] }),
    },
    {
      name: 'Transpose to another order',
      model: chain([node('Transpose', ['x'], ['y'], { perm: [0, 2, 1] })], { outputs: [valueInfo('y', 'float32', ['n', 4, 3])] }),
    },
    {
      name: 'Reshape that fixes a free dimension',
      model: between('Reshape', ['to'], {}, { initializers: [int64Tensor('to', [3], [2, 3, 4])] }),
    },
    {
      name: 'Reshape to the same number of axes, other sizes',
      model: chain([node('Reshape', ['x', 'to'], ['y'])], {
        initializers: [int64Tensor('to', [3], [0, 4, -1])],
        outputs: [valueInfo('y', 'float32', ['n', 4, 3])],
      }),
    },
    {
      name: 'Reshape by a shape that a caller may override',
      model: between(
        'Reshape',
        ['to'],
        {},
        {
          initializers: [int64Tensor('to', [3], [0, 3, -1])],
          inputs: [valueInfo('x', 'float32', ['n', 3, 4]), valueInfo('to', 'int64', [3])],
        },
      ),
    },
  ],
})
