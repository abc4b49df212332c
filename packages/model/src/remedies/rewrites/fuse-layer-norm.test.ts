import { floatTensor, int64Tensor, type ModelParts, model, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fuseLayerNorm } from './fuse-layer-norm.ts'

const WIDTH = 6
const ramp = (from: number) => Array.from({ length: WIDTH }, (_, k) => from + 0.1 * k)
const constants = [
  floatTensor('epsilon', [], [1e-3]),
  floatTensor('two', [], [2]),
  floatTensor('half', [], [0.5]),
  floatTensor('minus_half', [], [-0.5]),
  floatTensor('one', [], [1]),
  floatTensor('scale', [WIDTH], ramp(0.5)),
  floatTensor('bias', [WIDTH], ramp(-0.2)),
  floatTensor('scale3', [1, 1, WIDTH], ramp(0.5)),
  floatTensor('number', [], [3]),
  floatTensor(
    'wide',
    [4, WIDTH],
    Array.from({ length: 4 * WIDTH }, (_, k) => k),
  ),
]

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({
    nodes,
    inputs: [valueInfo('x', 'float32', ['batch', 4, WIDTH])],
    outputs: [valueInfo('y', 'float32', ['batch', 4, WIDTH])],
    initializers: constants,
    ...rest,
  })

const mean = (from: string, to: string, axes = [-1]) => node('ReduceMean', [from], [to], { axes })
const centre = [mean('x', 'm'), node('Sub', ['x', 'm'], ['d'])]
/** Up to `s`, the square root of variance and epsilon. */
const deviation = [
  node('Pow', ['d', 'two'], ['q']),
  mean('q', 'v'),
  node('Add', ['v', 'epsilon'], ['e']),
  node('Sqrt', ['e'], ['s']),
]
const scaleAndBias = [node('Mul', ['n', 'scale'], ['g']), node('Add', ['g', 'bias'], ['y'])]
const usual = [...centre, ...deviation, node('Div', ['d', 's'], ['n']), ...scaleAndBias]
const fused = ['LayerNormalization']

checkRemedy(fuseLayerNorm, {
  applies: [
    { name: 'the usual form', model: make(usual), operators: fused, changes: /1 LayerNormalization instead of 9 nodes/ },
    { name: 'below opset 17', model: make(usual, { opset: 11 }), operators: fused },
    {
      name: 'axes as input',
      model: make(
        usual.map((one) => (one.opType === 'ReduceMean' ? node('ReduceMean', [one.input[0]!, 'axes'], [...one.output]) : one)),
        { opset: 18, initializers: [...constants, int64Tensor('axes', [1], [2])] },
      ),
      operators: fused,
    },
    {
      name: 'the scale before the quotient',
      model: make([
        ...centre,
        ...deviation,
        node('Mul', ['scale', 'd'], ['g']),
        node('Div', ['g', 's'], ['n']),
        node('Add', ['n', 'bias'], ['y']),
      ]),
      operators: fused,
    },
    {
      name: 'the mean taken off twice, the square by Mul, a reciprocal',
      model: make([
        ...centre,
        node('Sub', ['x', 'm'], ['d2']),
        node('Mul', ['d', 'd'], ['q']),
        mean('q', 'v'),
        node('Add', ['epsilon', 'v'], ['e']),
        node('Sqrt', ['e'], ['s']),
        node('Reciprocal', ['s'], ['r']),
        node('Mul', ['r', 'd2'], ['n']),
        node('Mul', ['scale', 'n'], ['g']),
        node('Add', ['bias', 'g'], ['y']),
      ]),
      operators: fused,
    },
    {
      name: 'the root by Pow, no scale, no bias',
      model: make([...centre, ...deviation.slice(0, 3), node('Pow', ['e', 'minus_half'], ['r']), node('Mul', ['d', 'r'], ['y'])]),
      operators: fused,
      changes: /instead of 7 nodes/,
    },
    {
      name: 'scale without bias, three dimensions',
      model: make([...centre, ...deviation, node('Div', ['d', 's'], ['n']), node('Mul', ['n', 'scale3'], ['y'])]),
      operators: fused,
    },
    {
      name: 'Keras: the scale goes into the reciprocal',
      model: make([
        ...centre,
        ...deviation,
        node('Div', ['one', 's'], ['r']),
        node('Mul', ['r', 'scale'], ['g']),
        node('Mul', ['x', 'g'], ['xg']),
        node('Mul', ['m', 'g'], ['mg']),
        node('Sub', ['bias', 'mg'], ['b']),
        node('Add', ['xg', 'b'], ['y']),
      ]),
      operators: fused,
      changes: /instead of 12 nodes/,
    },
    {
      name: 'a cast to the type that is there',
      model: make([
        ...centre,
        node('Cast', ['d'], ['dc'], { to: 1 }),
        ...deviation,
        node('Div', ['dc', 's'], ['n']),
        ...scaleAndBias,
      ]),
      operators: fused,
    },
    {
      name: 'RMS normalization',
      model: make([
        node('Mul', ['x', 'x'], ['q']),
        ...deviation.slice(1),
        node('Div', ['x', 's'], ['n']),
        node('Mul', ['n', 'scale'], ['y']),
      ]),
      operators: ['SimplifiedLayerNormalization'],
    },
    {
      name: 'RMS normalization, times one over the root, with a bias',
      model: make([
        node('Pow', ['x', 'two'], ['q']),
        ...deviation.slice(1),
        node('Reciprocal', ['s'], ['r']),
        node('Mul', ['x', 'r'], ['n']),
        ...scaleAndBias,
      ]),
      operators: ['SimplifiedLayerNormalization', 'Add'],
    },
    {
      name: 'the mean of another value is taken off: an RMS normalization of the difference',
      model: make(usual.map((one) => (one.opType === 'Sub' ? node('Sub', ['x', 'mw'], ['d']) : one)).concat(mean('wide', 'mw'))),
      operators: ['ReduceMean', 'Sub', 'SimplifiedLayerNormalization', 'Add'],
    },
    {
      name: 'the normalized value is an output too: scale and bias stay',
      model: make(usual, { outputs: [valueInfo('y', 'float32'), valueInfo('n', 'float32')] }),
      operators: ['LayerNormalization', 'Mul', 'Add'],
    },
    {
      name: 'unfused by the engine, as the profile shows',
      model: make(usual),
      profiled: true,
      operators: fused,
      // Nine nodes of 1 ms, the longest of them stays.
      check: ({ predictedSavingMs }) => {
        if (predictedSavingMs !== 8) throw new Error(`predicted ${predictedSavingMs}`)
      },
    },
  ],
  leaves: [
    {
      name: 'a scale before the quotient that is wider than the last axis',
      model: make([...centre, ...deviation, node('Mul', ['wide', 'd'], ['g']), node('Div', ['g', 's'], ['y'])]),
    },
    {
      name: 'over another axis',
      model: make(usual.map((one) => (one.opType === 'ReduceMean' ? mean(one.input[0]!, one.output[0]!, [1]) : one))),
    },
    {
      name: 'the centred value is an output too',
      model: make(usual, { outputs: [valueInfo('y', 'float32'), valueInfo('d', 'float32')] }),
    },
    {
      name: 'the deviation is read by another',
      model: make([...usual, node('Neg', ['s'], ['z'])], { outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')] }),
    },
    {
      name: 'another power',
      model: make(usual, { initializers: [...constants.filter(({ name }) => name !== 'two'), floatTensor('two', [], [4])] }),
    },
    {
      name: 'epsilon is a large number',
      model: make(usual, {
        initializers: [...constants.filter(({ name }) => name !== 'epsilon'), floatTensor('epsilon', [], [1])],
      }),
    },
    {
      name: 'epsilon can be overridden by the caller',
      model: make(usual, {
        irVersion: 4,
        inputs: [
          valueInfo('x', 'float32', ['batch', 4, WIDTH]),
          ...constants.map(({ name, dims }) => valueInfo(name, 'float32', dims.map(Number))),
        ],
      }),
    },
    {
      name: 'float64',
      model: make(usual, {
        inputs: [valueInfo('x', 'float64', ['batch', 4, WIDTH])],
        outputs: [valueInfo('y', 'float64')],
        initializers: constants.map(({ name, dims }) => double(name, dims.map(Number))),
      }),
    },
    {
      name: 'a constant that broadens the value (which the engine itself overlooks)',
      setup: { options: { graphOptimization: 'disabled' } },
      model: make([...centre, ...deviation, node('Div', ['d', 's'], ['n']), node('Mul', ['n', 'scale'], ['y'])], {
        inputs: [valueInfo('x', 'float32', ['batch', 4, 1])],
      }),
    },
  ],
})

function double(name: string, shape: readonly number[]) {
  const count = shape.reduce((product, size) => product * size, 1)
  const values = Float64Array.from({ length: count }, () => (name === 'two' ? 2 : name === 'epsilon' ? 1e-3 : 1))
  return rawTensor(name, 'float64', shape, new Uint8Array(values.buffer))
}
