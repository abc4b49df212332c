import { type AttributeValue, int64Tensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { checkRemedy, exampleSetup, profileAsWritten, randomFeeds } from '@whyslow/model/support/remedies/check-remedy.ts'
import { expect } from 'vitest'
import { activationAfterMaximum } from './activation-after-maximum.ts'

interface Given {
  /** One behind the other, before the maximum. */
  readonly activations?: readonly string[]
  readonly alpha?: number
  readonly maximum?: string
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** As an input, which is so since opset 18. */
  readonly axes?: readonly number[]
  readonly shape?: readonly Dimension[]
  readonly dtype?: DType
  readonly opset?: number
  /** Names that are outputs, too. */
  readonly outputs?: readonly string[]
}

/** x → activations → v → maximum → y */
function example(given: Given = {}) {
  const { activations = ['Sigmoid'], maximum = 'ReduceMax', dtype = 'float32', axes, outputs = [] } = given
  const { shape = [2, 'boxes', 6, 8], opset = axes === undefined ? 17 : 18 } = given
  const { attributes = maximum === 'ReduceMax' && axes === undefined ? { axes: [-1] } : {} } = given
  const names = ['x', ...activations.slice(1).map((_, at) => `u${at}`), 'v']
  const alpha = given.alpha === undefined ? {} : { alpha: given.alpha }
  return model({
    nodes: [
      ...activations.map((opType, at) => node(opType, [names[at]!], [names[at + 1]!], alpha)),
      node(maximum, axes === undefined ? ['v'] : ['v', 'axes'], ['y'], attributes),
    ],
    initializers: axes === undefined ? [] : [int64Tensor('axes', [axes.length], axes)],
    inputs: [valueInfo('x', dtype, shape)],
    outputs: ['y', ...outputs].map((name) => valueInfo(name, dtype)),
    opset,
  })
}

const pool = (attributes: Given['attributes'] = {}): Given => ({
  maximum: 'MaxPool',
  attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ...attributes },
})

/** The profile of an engine that put the activation into what was before it. */
async function fusedByTheEngine() {
  const setup = exampleSetup(example())
  const written = await profileAsWritten(setup, randomFeeds(setup.model, 1))
  const origin = written.nodes.map(({ name }) => name)
  return { ...written, nodes: [{ ...written.nodes[0]!, name: 'fused', opType: 'FusedConv', origin }] }
}

checkRemedy(activationAfterMaximum, {
  applies: [
    {
      name: 'the largest of the sigmoids of eight classes',
      model: example(),
      operators: ['ReduceMax', 'Sigmoid'],
      changes: /^computed after a maximum: 1 Sigmoid$/,
    },
    { name: 'axes as an input', model: example({ axes: [3] }), operators: ['ReduceMax', 'Sigmoid'] },
    { name: 'all axes', model: example({ attributes: {}, shape: [2, 3] }), operators: ['ReduceMax', 'Sigmoid'] },
    { name: 'a map of a quarter', model: example({ ...pool(), activations: ['Tanh'] }), operators: ['MaxPool', 'Tanh'] },
    {
      name: 'the largest of each channel',
      model: example({ maximum: 'GlobalMaxPool', shape: ['n', 3, 4, 4] }),
      operators: ['GlobalMaxPool', 'Sigmoid'],
    },
    {
      name: 'two functions, one of the other',
      model: example({ activations: ['LeakyRelu', 'Exp'] }),
      operators: ['ReduceMax', 'LeakyRelu', 'Exp'],
    },
    {
      name: 'a maximum of a maximum: a node each',
      model: model({
        nodes: [
          node('Softplus', ['x'], ['u']),
          node('ReduceMax', ['u'], ['v'], { axes: [2], keepdims: 0 }),
          node('Relu', ['v'], ['w']),
          node('ReduceMax', ['w'], ['y'], { axes: [1], keepdims: 0 }),
        ],
        inputs: [valueInfo('x', 'float32', ['n', 3, 4])],
        outputs: [valueInfo('y', 'float32')],
      }),
      operators: ['ReduceMax', 'ReduceMax', 'Softplus', 'Relu'],
    },
    {
      name: 'time of what ran',
      model: example(),
      profiled: true,
      // The Sigmoid, of 1 ms each.
      check: ({ predictedSavingMs }) => expect(predictedSavingMs).toBe(1),
    },
  ],
  leaves: [
    { name: 'the value is an output, too', model: example({ outputs: ['v'] }) },
    {
      name: 'a second reader',
      model: model({
        nodes: [node('Sigmoid', ['x'], ['v']), node('ReduceMax', ['v'], ['y'], { axes: [1] }), node('Neg', ['v'], ['z'])],
        inputs: [valueInfo('x', 'float32', [2, 3])],
        outputs: [valueInfo('y', 'float32'), valueInfo('z', 'float32')],
      }),
    },
    { name: 'the smallest', model: example({ maximum: 'ReduceMin', attributes: { axes: [-1] } }) },
    { name: 'a function that falls', model: example({ activations: ['Neg'] }) },
    { name: 'a slope below 0', model: example({ activations: ['LeakyRelu'], alpha: -0.5 }) },
    { name: 'float64', model: example({ dtype: 'float64' }) },
    { name: 'along an axis that may be empty', model: example({ attributes: { axes: [1] } }) },
    { name: 'along an axis of one', model: example({ shape: [2, 3, 1] }) },
    { name: 'no axes at all', model: example({ axes: [], attributes: { noop_with_empty_axes: 1 }, shape: [2, 3] }) },
    { name: 'as many windows as numbers', model: example(pool({ strides: [1, 1] })) },
    { name: 'windows with holes', model: example(pool({ dilations: [2, 2] })) },
    { name: 'a window more at the end', model: example(pool({ ceil_mode: 1 })) },
    {
      name: 'places of the largest, which differ where the function is flat',
      model: model({
        nodes: [node('Relu', ['x'], ['v']), node('MaxPool', ['v'], ['y', 'at'], { kernel_shape: [2], strides: [2] })],
        inputs: [valueInfo('x', 'float32', [1, 2, 6])],
        outputs: [valueInfo('y', 'float32'), valueInfo('at', 'int64')],
      }),
    },
    { name: 'one that the engine put into a convolution', model: example(), evidence: { profile: await fusedByTheEngine() } },
  ],
})
