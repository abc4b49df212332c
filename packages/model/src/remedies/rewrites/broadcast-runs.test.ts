import { floatTensor, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { broadcastRuns } from './broadcast-runs.ts'

const ONE = ['n', 4, 5, 1]
const RGB = ['n', 4, 6, 3]
const applied = (
  opType: string,
  operands: readonly string[],
  initializers: readonly ReturnType<typeof floatTensor>[],
  x: readonly (number | string)[],
  more: Partial<Parameters<typeof model>[0]> = {},
) =>
  model({
    nodes: [node(opType, operands, ['y'])],
    inputs: [valueInfo('x', 'float32', x)],
    outputs: [valueInfo('y', 'float32', x)],
    initializers,
    ...more,
  })

checkRemedy(broadcastRuns, {
  applies: [
    {
      name: 'a vector of one number beside a last axis of one gets all axes',
      model: applied('Mul', ['x', 'c'], [floatTensor('c', [1], [1.5])], ONE),
      operators: ['Mul'],
      changes: /^1 constant laid out/,
    },
    {
      name: 'the choice between two, by a constant',
      model: applied(
        'Where',
        ['b', 'x', 'c'],
        [floatTensor('c', [1, 1], [1.5]), rawTensor('b', 'bool', [4, 5, 1], new Uint8Array(20).fill(1))],
        ONE,
      ),
    },
    {
      name: 'a number for each of three channels, in front: repeated along the width',
      model: applied('Sub', ['c', 'x'], [floatTensor('c', [3], [1, 2, 3])], RGB),
      check: ({ setup }) => {
        const [constant] = setup.model.proto.graph!.initializer.filter(({ name }) => name !== 'c')
        if (constant!.dims.join() !== '4,6,3' && constant!.dims.join() !== '1,4,6,3') throw new Error(constant!.dims.join())
      },
    },
    {
      name: 'rows of two, every other axis of its own',
      model: applied('Add', ['x', 'c'], [floatTensor('c', [5, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])], ['n', 5, 40, 2]),
    },
  ],
  leaves: [
    {
      name: 'the epsilon of a norm, which the engine fuses as it is',
      model: model({
        nodes: [
          node('ReduceMean', ['x'], ['m'], { axes: [-1] }),
          node('Sub', ['x', 'm'], ['d']),
          node('Pow', ['d', 'two'], ['q']),
          node('ReduceMean', ['q'], ['v'], { axes: [-1] }),
          node('Add', ['v', 'eps'], ['e']),
          node('Sqrt', ['e'], ['s']),
          node('Div', ['d', 's'], ['n']),
          node('Mul', ['n', 'g'], ['h']),
          node('Add', ['h', 'b'], ['y']),
        ],
        inputs: [valueInfo('x', 'float32', [2, 5, 4])],
        outputs: [valueInfo('y', 'float32', [2, 5, 4])],
        initializers: [
          floatTensor('two', [], [2]),
          floatTensor('eps', [1], [1e-5]),
          floatTensor('g', [4], [1, 2, 3, 4]),
          floatTensor('b', [4], [1, 2, 3, 4]),
        ],
      }),
    },
    { name: 'as many axes', model: applied('Mul', ['x', 'c'], [floatTensor('c', [1, 1, 1, 1], [1.5])], ONE) },
    { name: 'a number beside a last axis of many', model: applied('Mul', ['x', 'c'], [floatTensor('c', [1], [2])], RGB) },
    { name: 'runs of eight', model: applied('Mul', ['x', 'c'], [floatTensor('c', [8], [1, 2, 3, 4, 5, 6, 7, 8])], ['n', 9, 8]) },
    {
      name: 'a width that may be another at the next call',
      model: applied('Mul', ['x', 'c'], [floatTensor('c', [3], [1, 2, 3])], ['n', 'w', 3]),
    },
    {
      name: 'a number with more axes than the tensor: the result has them too',
      model: applied('Mul', ['x', 'c'], [floatTensor('c', [1, 1, 1, 1, 1], [1.5])], ONE, {
        outputs: [valueInfo('y', 'float32', [1, 'n', 4, 5, 1])],
      }),
    },
    {
      name: 'a number that a caller may give',
      model: applied('Mul', ['x', 'c'], [floatTensor('c', [1], [1.5])], ONE, {
        inputs: [valueInfo('x', 'float32', ONE), valueInfo('c', 'float32', [1])],
      }),
    },
  ],
})
