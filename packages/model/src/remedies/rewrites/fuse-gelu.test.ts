import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseGelu } from './fuse-gelu.ts'

const number = (name: string, value: number) => floatTensor(name, [], [value])
const constants = [
  number('half', 0.5),
  number('one', 1),
  number('two', 2),
  number('three', 3),
  number('root2', 1.41421354),
  number('inverse_root2', 0.707106769),
  number('a', 0.044715),
  number('root_2_over_pi', 0.797884583),
  number('a_root_2_over_pi', 0.0356774069),
  number('rough_root2', 1.41),
]

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 5])],
    outputs: [valueInfo('y', 'float32', ['batch', 5])],
    initializers: constants,
    ...rest,
  })

/** f = erf(x / sqrt(2)) */
const erf = [node('Div', ['x', 'root2'], ['u']), node('Erf', ['u'], ['f'])]
const onePlus = node('Add', ['f', 'one'], ['p'])
const usual = [...erf, onePlus, node('Mul', ['x', 'p'], ['q']), node('Mul', ['q', 'half'], ['y'])]
/** f = tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
const tanh = [
  node('Pow', ['x', 'three'], ['x3']),
  node('Mul', ['x3', 'a'], ['ax3']),
  node('Add', ['x', 'ax3'], ['s']),
  node('Mul', ['s', 'root_2_over_pi'], ['u']),
  node('Tanh', ['u'], ['f']),
]

checkRemedy(fuseGelu, {
  applies: [
    { name: 'erf, the half last', model: make(usual), operators: ['Gelu'], changes: /1 GELU instead of 5 nodes/ },
    {
      name: 'erf, the half on x, the inverse of the root',
      model: make([
        node('Mul', ['inverse_root2', 'x'], ['u']),
        node('Erf', ['u'], ['f']),
        onePlus,
        node('Mul', ['x', 'half'], ['h']),
        node('Mul', ['h', 'p'], ['y']),
      ]),
      operators: ['Gelu'],
    },
    {
      name: 'x times (0.5 + 0.5 erf)',
      model: make([...erf, node('Mul', ['f', 'half'], ['g']), node('Add', ['half', 'g'], ['p']), node('Mul', ['p', 'x'], ['y'])]),
      operators: ['Gelu'],
    },
    {
      name: 'divided by two',
      model: make([...erf, onePlus, node('Div', ['p', 'two'], ['q']), node('Mul', ['x', 'q'], ['y'])]),
      operators: ['Gelu'],
    },
    {
      name: 'tanh, the cube by Pow',
      model: make([...tanh, onePlus, node('Mul', ['x', 'half'], ['h']), node('Mul', ['h', 'p'], ['y'])]),
      operators: ['FastGelu'],
    },
    {
      name: 'tanh of x (c + c a x x)',
      model: make([
        node('Mul', ['x', 'x'], ['x2']),
        node('Mul', ['x2', 'a_root_2_over_pi'], ['t']),
        node('Add', ['t', 'root_2_over_pi'], ['s']),
        node('Mul', ['x', 's'], ['u']),
        node('Tanh', ['u'], ['f']),
        onePlus,
        node('Mul', ['x', 'p'], ['q']),
        node('Mul', ['q', 'half'], ['y']),
      ]),
      operators: ['FastGelu'],
    },
    {
      name: 'x is read by another too',
      model: make([...usual, node('Neg', ['x'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
      operators: ['Neg', 'Gelu'],
    },
  ],
  leaves: [
    { name: 'a root of two digits', model: make([node('Div', ['x', 'rough_root2'], ['u']), ...usual.slice(1)]) },
    {
      name: 'erf of another value',
      model: make([node('Neg', ['x'], ['z']), node('Div', ['z', 'root2'], ['u']), ...usual.slice(1)]),
    },
    { name: 'the erf is an output too', model: make(usual, { outputs: [valueInfo('y', 'float32'), valueInfo('f', 'float32')] }) },
    {
      name: 'the sum has a second reader',
      model: make([...usual, node('Neg', ['p'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
    },
    { name: 'twice the half', model: make([...usual.slice(0, 4), node('Mul', ['q', 'one'], ['y'])]) },
    {
      name: 'tanh of a line',
      model: make([node('Mul', ['x', 'root_2_over_pi'], ['u']), node('Tanh', ['u'], ['f']), ...usual.slice(2)]),
    },
    {
      name: 'the sum after the product',
      model: make([...erf, node('Mul', ['f', 'x'], ['q']), node('Add', ['q', 'one'], ['p']), node('Mul', ['p', 'half'], ['y'])]),
    },
    {
      name: 'the half can be overridden by the caller',
      model: make(usual, {
        irVersion: 4,
        inputs: [valueInfo('x', 'float32', ['batch', 5]), ...constants.map(({ name }) => valueInfo(name, 'float32', []))],
      }),
    },
  ],
})
