import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { activationForms } from './activation-forms.ts'

type Nodes = Parameters<typeof model>[0]['nodes']
type Initializers = Parameters<typeof model>[0]['initializers']

const of = (nodes: Nodes, opset = 18, dtype: 'float32' | 'float64' = 'float32', initializers: Initializers = []) =>
  model({ nodes, inputs: [valueInfo('x', dtype, ['n', 24])], outputs: [valueInfo('y', dtype, ['n', 24])], initializers, opset })

/** Of slopes. */
const prelu = (shape: readonly number[], values: readonly number[], opset = 18) =>
  of([node('PRelu', ['x', 'slope'], ['y'])], opset, 'float32', [floatTensor('slope', shape, values)])
const ramp = (from: number) => Array.from({ length: 24 }, (_, k) => from + k / 20)

checkRemedy(activationForms, {
  applies: [
    {
      name: 'Softplus',
      model: of([node('Softplus', ['x'], ['y'])]),
      operators: ['Abs', 'Neg', 'Exp', 'Relu', 'Add', 'Log', 'Add'],
      changes: /^1 Softplus by the functions they are made of$/,
    },
    { name: 'Elu', model: of([node('Elu', ['x'], ['y'])], 8), operators: ['Relu', 'Min', 'Exp', 'Sub', 'Add'] },
    {
      name: 'Elu at both ends',
      model: of([node('Elu', ['x'], ['y'])]),
      feeds: { x: { dtype: 'float32', shape: [1, 24], data: new Float32Array(24).fill(Infinity).fill(-Infinity, 12) } },
      operators: ['Relu', 'Min', 'Exp', 'Sub', 'Add'],
    },
    {
      name: 'Elu with a slope',
      model: of([node('Elu', ['x'], ['y'], { alpha: 0.5 })]),
      operators: ['Relu', 'Min', 'Exp', 'Sub', 'Mul', 'Add'],
    },
    {
      name: 'Selu',
      model: of([node('Selu', ['x'], ['y'])]),
      operators: ['Relu', 'Min', 'Exp', 'Mul', 'Sub', 'Mul', 'Add'],
    },
    {
      name: 'Celu, whose alpha widens it too, and Mish behind it',
      model: of([node('Celu', ['x'], ['c'], { alpha: 0.5 }), node('Mish', ['c'], ['y'])]),
      operators: [
        'Relu',
        'Min',
        'Mul',
        'Exp',
        'Sub',
        'Mul',
        'Add',
        'Abs',
        'Neg',
        'Exp',
        'Relu',
        'Add',
        'Log',
        'Add',
        'Tanh',
        'Mul',
      ],
      changes: /^1 Celu, 1 Mish by/,
    },
    { name: 'PRelu of one slope', model: prelu([], [0.25]), operators: ['LeakyRelu'], tolerance: 0 },
    { name: 'PRelu whose slopes are equal', model: prelu([24], Array<number>(24).fill(1.5)), operators: ['LeakyRelu'] },
    { name: 'PRelu of slopes up to 1', model: prelu([24], ramp(-0.31)), operators: ['Mul', 'Max'], tolerance: 0 },
  ],
  leaves: [
    { name: 'activations without an exponential', model: of([node('LeakyRelu', ['x'], ['y'])]) },
    { name: 'PRelu with a slope above 1', model: prelu([24], ramp(0.1)) },
    { name: 'PRelu with a slope of 0', model: prelu([24], ramp(-0.25)) },
    {
      name: 'PRelu whose slopes are no constants',
      model: of([node('Abs', ['x'], ['slope']), node('PRelu', ['x', 'slope'], ['y'])]),
    },
    { name: 'other numbers than float32', model: of([node('Elu', ['x'], ['y'])], 18, 'float64') },
    { name: 'an opset whose operators broadcast otherwise', model: of([node('Elu', ['x'], ['y'])], 6) },
  ],
})
