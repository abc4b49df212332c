import { floatTensor, model, node, rawTensor, valueInfo } from '../../graph/build.ts'
import { checkRemedy } from '../check-remedy.ts'
import { fullRankScalars } from './full-rank-scalars.ts'

const applied = (opType: string, operands: readonly string[], more: Partial<Parameters<typeof model>[0]> = {}) =>
  model({
    nodes: [node(opType, operands, ['y'])],
    inputs: [valueInfo('x', 'float32', ['n', 4, 5, 1])],
    outputs: [valueInfo('y', 'float32', ['n', 4, 5, 1])],
    initializers: [floatTensor('c', [1], [1.5])],
    ...more,
  })

checkRemedy(fullRankScalars, {
  applies: [
    {
      name: 'a vector of one number',
      model: applied('Mul', ['x', 'c']),
      operators: ['Mul'],
      changes: /^1 constant number given/,
    },
    { name: 'a number without axes, in front', model: applied('Sub', ['c', 'x'], { initializers: [floatTensor('c', [], [2])] }) },
    {
      name: 'the choice between two, by a constant',
      model: applied('Where', ['b', 'x', 'c'], {
        initializers: [floatTensor('c', [1, 1], [1.5]), rawTensor('b', 'bool', [4, 1, 1], new Uint8Array([1, 0, 0, 1]))],
      }),
    },
  ],
  leaves: [
    { name: 'as many axes', model: applied('Mul', ['x', 'c'], { initializers: [floatTensor('c', [1, 1, 1, 1], [1.5])] }) },
    {
      name: 'a last axis of many, along which the engine runs',
      model: applied('Mul', ['x', 'c'], {
        inputs: [valueInfo('x', 'float32', ['n', 4, 5])],
        outputs: [valueInfo('y', 'float32', ['n', 4, 5])],
      }),
    },
    {
      name: 'a number for each channel',
      model: applied('Mul', ['x', 'c'], { initializers: [floatTensor('c', [5, 1], [1, 2, 3, 4, 5])] }),
    },
    {
      name: 'a number with more axes than the tensor: the result has them too',
      model: applied('Mul', ['x', 'c'], {
        initializers: [floatTensor('c', [1, 1, 1, 1, 1], [1.5])],
        outputs: [valueInfo('y', 'float32', [1, 'n', 4, 5, 1])],
      }),
    },
    {
      name: 'a number that a caller may give',
      model: applied('Mul', ['x', 'c'], { inputs: [valueInfo('x', 'float32', ['n', 4, 5, 1]), valueInfo('c', 'float32', [1])] }),
    },
  ],
})
