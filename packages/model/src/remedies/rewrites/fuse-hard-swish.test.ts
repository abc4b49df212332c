import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseHardSwish } from './fuse-hard-swish.ts'

const number = (name: string, value: number) => floatTensor(name, [], [value])
const constants = [number('zero', 0), number('three', 3), number('six', 6), number('sixth', 1 / 6), number('half', 0.5)]
const type = ['batch', 4, 3, 3]
const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', type)],
    outputs: [valueInfo('y', 'float32', type)],
    initializers: constants,
    ...rest,
  })
const clipped = [node('Add', ['x', 'three'], ['s']), node('Clip', ['s', 'zero', 'six'], ['c'])]
const byX = node('Mul', ['x', 'c'], ['m'])
const usual = [...clipped, byX, node('Div', ['m', 'six'], ['y'])]

checkRemedy(fuseHardSwish, {
  applies: [
    {
      name: 'the sixth behind the product',
      model: make(usual),
      operators: ['HardSigmoid', 'Mul'],
      changes: /1 HardSigmoid instead of 4 nodes/,
    },
    {
      name: 'a factor instead of the quotient, operands the other way round',
      model: make([
        node('Add', ['three', 'x'], ['s']),
        clipped[1]!,
        node('Mul', ['c', 'x'], ['m']),
        node('Mul', ['sixth', 'm'], ['y']),
      ]),
      operators: ['HardSigmoid', 'Mul'],
    },
    {
      name: 'the sixth before the product',
      model: make([...clipped, node('Div', ['c', 'six'], ['d']), node('Mul', ['x', 'd'], ['y'])]),
      operators: ['HardSigmoid', 'Mul'],
    },
    {
      name: 'HardSigmoid alone, limits as attributes',
      model: make(
        [clipped[0]!, node('Clip', ['s'], ['c'], { min: { float: 0 }, max: { float: 6 } }), node('Mul', ['c', 'sixth'], ['y'])],
        { opset: 10 },
      ),
      operators: ['HardSigmoid'],
    },
  ],
  leaves: [
    {
      name: 'a constant of more axes than x',
      model: make([node('Add', ['x', 'wide'], ['s']), ...usual.slice(1)], {
        initializers: [...constants, floatTensor('wide', [1, 1, 1, 1, 1], [3])],
        outputs: [valueInfo('y', 'float32', [1, ...type])],
      }),
    },
    {
      name: 'a constant of several axes next to an x of unknown axes',
      feeds: { x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(-1, 2) } },
      model: make([node('Add', ['x', 'wide'], ['s']), ...usual.slice(1)], {
        inputs: [valueInfo('x', 'float32')],
        outputs: [valueInfo('y', 'float32')],
        initializers: [...constants, floatTensor('wide', [1, 1, 1, 1, 1], [3])],
      }),
    },
    { name: 'another factor', model: make([...usual.slice(0, 3), node('Mul', ['m', 'half'], ['y'])]) },
    { name: 'the constant divided', model: make([...usual.slice(0, 3), node('Div', ['six', 'm'], ['y'])]) },
    { name: 'a lower limit above 0', model: make([clipped[0]!, node('Clip', ['s', 'half', 'six'], ['c']), ...usual.slice(2)]) },
    { name: 'no upper limit', model: make([clipped[0]!, node('Clip', ['s', 'zero'], ['c']), ...usual.slice(2)]) },
    {
      name: 'a factor that is another value',
      model: make([...clipped, node('Mul', ['z', 'c'], ['m']), usual[3]!], {
        inputs: ['x', 'z'].map((name) => valueInfo(name, 'float32', type)),
      }),
    },
    {
      name: 'others read what is clipped',
      model: make([...usual, node('Neg', ['c'], ['n'])], {
        outputs: ['y', 'n'].map((name) => valueInfo(name, 'float32', type)),
      }),
    },
  ],
})
