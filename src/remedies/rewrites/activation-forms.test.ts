import { model, node, valueInfo } from '../../graph/build.ts'
import { checkRemedy } from '../check-remedy.ts'
import { activationForms } from './activation-forms.ts'

type Nodes = Parameters<typeof model>[0]['nodes']

const of = (nodes: Nodes, opset = 18, dtype: 'float32' | 'float64' = 'float32') =>
  model({ nodes, inputs: [valueInfo('x', dtype, ['n', 24])], outputs: [valueInfo('y', dtype, ['n', 24])], opset })

checkRemedy(activationForms, {
  applies: [
    {
      name: 'Softplus',
      model: of([node('Softplus', ['x'], ['y'])]),
      operators: ['Abs', 'Neg', 'Exp', 'Relu', 'Add', 'Log', 'Add'],
      changes: /^1 Softplus by the functions they are made of$/,
    },
    { name: 'Elu', model: of([node('Elu', ['x'], ['y'])], 8), operators: ['Relu', 'Sub', 'Exp', 'Sub', 'Add'] },
    {
      name: 'Elu with a slope',
      model: of([node('Elu', ['x'], ['y'], { alpha: 0.5 })]),
      operators: ['Relu', 'Sub', 'Exp', 'Sub', 'Mul', 'Add'],
    },
    {
      name: 'Selu',
      model: of([node('Selu', ['x'], ['y'])]),
      operators: ['Relu', 'Sub', 'Exp', 'Mul', 'Sub', 'Mul', 'Add'],
    },
    {
      name: 'Celu, whose alpha widens it too, and Mish behind it',
      model: of([node('Celu', ['x'], ['c'], { alpha: 0.5 }), node('Mish', ['c'], ['y'])]),
      operators: [
        'Relu',
        'Sub',
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
  ],
  leaves: [
    { name: 'activations without an exponential', model: of([node('LeakyRelu', ['x'], ['y'])]) },
    { name: 'other numbers than float32', model: of([node('Elu', ['x'], ['y'])], 18, 'float64') },
    { name: 'an opset whose operators broadcast otherwise', model: of([node('Elu', ['x'], ['y'])], 6) },
  ],
})
