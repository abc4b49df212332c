import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { geluTanh } from './gelu-tanh.ts'

const constants = [
  floatTensor('half', [], [0.5]),
  floatTensor('one', [], [1]),
  floatTensor('root2', [], [Math.SQRT2]),
  floatTensor('bias', [5], [1, 2, 3, 4, 5]),
]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 5])],
    outputs: [valueInfo('y', 'float32')],
    initializers: constants,
    ...rest,
  })
const evidence = { constraints: { maxLoss: 0.01 } }
const contrib = { opsets: { 'com.microsoft': 1 } }
const pieces = [
  node('Div', ['x', 'root2'], ['u']),
  node('Erf', ['u'], ['f']),
  node('Add', ['f', 'one'], ['p']),
  node('Mul', ['x', 'p'], ['q']),
  node('Mul', ['q', 'half'], ['y']),
]
// The two differ by at most 4.8e-4; outputs of normal numbers have a root mean square of about 0.6.
const tolerance = 1e-3

checkRemedy(geluTanh, {
  applies: [
    { name: 'in pieces', model: make(pieces), evidence, tolerance, operators: ['FastGelu'], changes: /1 GELU with erf/ },
    {
      name: "the engine's own",
      model: make([node({ opType: 'Gelu', domain: 'com.microsoft' }, ['x'], ['y'])], contrib),
      evidence,
      tolerance,
      operators: ['FastGelu'],
    },
    {
      name: 'of opset 20',
      model: make([node('Gelu', ['x'], ['y'])], { opset: 20 }),
      evidence,
      tolerance,
      operators: ['FastGelu'],
    },
    {
      name: 'with a bias',
      model: make([node({ opType: 'BiasGelu', domain: 'com.microsoft' }, ['x', 'bias'], ['y'])], contrib),
      evidence,
      tolerance,
      operators: ['FastGelu'],
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: make(pieces) },
    { name: 'tanh already', model: make([node('Gelu', ['x'], ['y'], { approximate: 'tanh' })], { opset: 20 }), evidence },
    { name: 'an erf that is no GELU', model: make([node('Erf', ['x'], ['y'])]), evidence },
  ],
})
