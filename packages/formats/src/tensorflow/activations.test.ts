import { evaluate, expectClose, floats } from '@whyslow/graph/support/builder/check-build.ts'
import { describe, expect, test } from 'vitest'
import { type ActivationSettings, activate } from './activation-functions.ts'
import { activationOf, inRecurrence } from './activations.ts'

const XS = [-7, -3, -1.5, -1, -0.6, -0.25, 0, 0.25, 0.6, 1, 1.5, 3, 5, 7]
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0)
const limited = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high)

/** Function, settings, and what Keras' documentation says of one number. */
const POINTWISE: readonly [name: string, settings: ActivationSettings, formula: (x: number) => number][] = [
  ['linear', {}, (x) => x],
  ['relu', {}, (x) => Math.max(x, 0)],
  ['relu', { maxValue: 6 }, (x) => limited(x, 0, 6)],
  ['relu', { negativeSlope: 0.5 }, (x) => (x < 0 ? 0.5 * x : x)],
  ['relu', { threshold: 1 }, (x) => (x > 1 ? x : 0)],
  ['relu', { threshold: 1, negativeSlope: 0.5, maxValue: 4 }, (x) => (x > 1 ? Math.min(x, 4) : 0.5 * (x - 1))],
  ['relu6', {}, (x) => limited(x, 0, 6)],
  ['leaky_relu', {}, (x) => (x < 0 ? 0.2 * x : x)],
  ['sigmoid', {}, sigmoid],
  ['tanh', {}, Math.tanh],
  ['elu', { alpha: 0.5 }, (x) => (x > 0 ? x : 0.5 * Math.expm1(x))],
  ['selu', {}, (x) => 1.05070098 * (x > 0 ? x : 1.67326324 * Math.expm1(x))],
  ['celu', { alpha: 2 }, (x) => Math.max(x, 0) + 2 * Math.expm1(Math.min(x, 0) / 2)],
  ['softplus', {}, softplus],
  ['softsign', {}, (x) => x / (1 + Math.abs(x))],
  ['exponential', {}, Math.exp],
  ['hard_sigmoid', {}, (x) => limited(x + 3, 0, 6) / 6],
  ['hard_sigmoid', { slope: 0.2 }, (x) => limited(0.2 * x + 0.5, 0, 1)],
  ['silu', {}, (x) => x * sigmoid(x)],
  ['hard_silu', {}, (x) => (x * limited(x + 3, 0, 6)) / 6],
  ['hard_tanh', {}, (x) => limited(x, -1, 1)],
  ['gelu', { approximate: true }, (x) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x ** 3)))],
  ['mish', {}, (x) => x * Math.tanh(softplus(x))],
  ['log_sigmoid', {}, (x) => -softplus(-x)],
  ['sparse_sigmoid', {}, (x) => limited((x + 1) / 2, 0, 1)],
  ['sparse_plus', {}, (x) => (x <= -1 ? 0 : x >= 1 ? x : 0.25 * (x + 1) ** 2)],
  ['squareplus', {}, (x) => (x + Math.sqrt(x * x + 4)) / 2],
  ['soft_shrink', {}, (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0)],
  ['hard_shrink', {}, (x) => (Math.abs(x) > 0.5 ? x : 0)],
  ['tanh_shrink', {}, (x) => x - Math.tanh(x)],
  ['threshold', { threshold: 1, value: -2 }, (x) => (x > 1 ? x : -2)],
  ['threshold', { threshold: 1 }, (x) => (x > 1 ? x : 0)],
]

describe('activation functions', () => {
  test.each(POINTWISE)('%s %o', async (name, settings, formula) => {
    const [y] = await evaluate([floats([1, XS.length], XS, ['n', XS.length])], (builder, [x]) => [
      activate(builder, name, x!, settings),
    ])
    expectClose(y!, XS.map(formula))
  })

  test('gelu by erf', async () => {
    const [y] = await evaluate([floats([3], [-1, 0.5, 2])], (builder, [x]) => [activate(builder, 'gelu', x!)])
    expectClose(y!, [-0.15865525, 0.34573123, 1.9544997])
  })

  test('over an axis', async () => {
    const x = floats([2, 4], [1, 2, 3, 4, 4, 4, 0, 0])
    const [softmax, logs, halves, sparse] = await evaluate([x], (builder, [value]) => [
      activate(builder, 'softmax', value!, { axis: 0 }),
      activate(builder, 'log_softmax', value!),
      activate(builder, 'glu', value!),
      activate(builder, 'sparsemax', value!),
    ])
    expectClose(softmax!, [sigmoid(-3), sigmoid(-2), sigmoid(3), sigmoid(4), sigmoid(3), sigmoid(2), sigmoid(-3), sigmoid(-4)])
    const total = Math.log(Math.E + Math.exp(2) + Math.exp(3) + Math.exp(4))
    expectClose({ shape: [4], values: logs!.values.slice(0, 4) }, [1 - total, 2 - total, 3 - total, 4 - total])
    expectClose(halves!, [sigmoid(3), 2 * sigmoid(4), 2, 2], [2, 2])
    // 4 alone is supported: tau = 3. Of two equal ones Keras takes (4 + 8 - 1) / 2, and nothing is left.
    expectClose(sparse!, [0, 0, 0, 1, 0, 0, 0, 0])
  })

  test('that halve an axis need its size', async () => {
    const odd = evaluate([floats([1, 3], [1, 2, 3])], (builder, [x]) => [activate(builder, 'glu', x!)])
    await expect(odd).rejects.toThrow('halves an axis, which has 3 cells')
    const open = evaluate([floats([1, 3], [1, 2, 3], [1, 'n'])], (builder, [x]) => [activate(builder, 'sparsemax', x!)])
    await expect(open).rejects.toThrow('must be known')
  })
})

describe('what configurations name', () => {
  test('hard_sigmoid has the slope of its version', () => {
    expect(activationOf('hard_sigmoid', 'keras-2')!.settings.slope).toBe(0.2)
    expect(activationOf('hardSigmoid', 'tfjs')!.settings.slope).toBe(0.2)
    expect(activationOf('hard_sigmoid', 'keras-3')!.settings.slope).toBe(1 / 6)
    expect(inRecurrence(activationOf('hard_sigmoid', 'keras-2')!)).toEqual({ name: 'HardSigmoid', alpha: 0.2, beta: 0.5 })
  })

  test('functions, layers and texts', () => {
    const swish = { module: 'builtins', class_name: 'function', config: 'swish', registered_name: 'function' }
    expect(activationOf(swish, 'keras-3')!.name).toBe('silu')
    const leaky = { module: 'keras.layers', class_name: 'LeakyReLU', config: { name: 'leaky', negative_slope: 0.1 } }
    expect(activationOf(leaky, 'keras-3')).toEqual({ name: 'leaky_relu', settings: { negativeSlope: 0.1 } })
    expect(activationOf({ class_name: 'LeakyReLU', config: { alpha: 0.25 } }, 'keras-2')!.settings.negativeSlope).toBe(0.25)
    expect(activationOf({ class_name: 'Softmax', config: { axis: 1 } }, 'keras-2')!.settings.axis).toBe(1)
    expect(activationOf('gelu_new', 'tfjs')).toEqual({ name: 'gelu', settings: { slope: 0.2, approximate: true } })
    expect(activationOf(null, 'keras-3')!.name).toBe('linear')
  })

  test('what is not built in is not known', () => {
    for (const spec of ['my_function', 'constructor', 'toString', 7, { class_name: 'Lambda', config: {} }, {}])
      expect(activationOf(spec, 'keras-3')).toBeUndefined()
    expect(inRecurrence(activationOf('gelu', 'keras-3')!)).toBeUndefined()
  })
})
