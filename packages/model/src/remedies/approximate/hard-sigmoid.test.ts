import { floatTensor, type ModelParts, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { fitAlpha, hardSigmoid, SIGMOID_ALPHA, SWISH_ALPHA } from './hard-sigmoid.ts'

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  model({ nodes, inputs: [valueInfo('x', 'float32', ['batch', 5])], outputs: [valueInfo('y', 'float32')], ...rest })
const evidence = { constraints: { maxLoss: 0.01 } }
const variants = ['fitted', 'sixth']
const gate = [node('Sigmoid', ['x'], ['s']), node('Neg', ['s'], ['y'])]
// 1/6 is off by at most 0.078, at x = 1.9; the root mean square of the outputs is about 0.5.
const tolerance = 0.2

checkRemedy(hardSigmoid, {
  applies: [
    {
      name: 'a gate',
      model: make(gate),
      evidence,
      variants,
      tolerance,
      operators: ['HardSigmoid', 'Neg'],
      changes: /1 Sigmoid computed by HardSigmoid with alpha 0\.\d{4}/,
    },
    {
      name: 'Swish',
      model: make([gate[0]!, node('Mul', ['x', 's'], ['y'])]),
      evidence,
      variants,
      tolerance: 0.5,
      operators: ['HardSigmoid', 'Mul'],
    },
    {
      name: 'behind a Conv, into which the engine takes it',
      model: make(
        [node('Conv', ['x', 'w'], ['c']), node('Sigmoid', ['c'], ['s']), node('MaxPool', ['s'], ['y'], { kernel_shape: [2, 2] })],
        {
          inputs: [valueInfo('x', 'float32', [1, 1, 5, 5])],
          initializers: [floatTensor('w', [1, 1, 3, 3], [1, 0, -1, 2, 0, -2, 1, 0, -1])],
        },
      ),
      evidence,
      variants,
      tolerance: 0.3,
      operators: ['Conv', 'HardSigmoid', 'MaxPool'],
    },
  ],
  leaves: [
    { name: 'no loss is allowed', model: make(gate) },
    { name: 'the output of the model', model: make([node('Sigmoid', ['x'], ['y'])]), evidence },
    {
      name: 'float64',
      model: make(gate, { inputs: [valueInfo('x', 'float64', ['batch', 5])], outputs: [valueInfo('y', 'float64')] }),
      evidence,
    },
  ],
})

test('the alphas are those of least squares', () => {
  expect(fitAlpha(0)).toBeCloseTo(SIGMOID_ALPHA, 5)
  expect(fitAlpha(1)).toBeCloseTo(SWISH_ALPHA, 5)
  // No other is better: the sum over a grid of its own, coarser and nearer.
  const loss = (alpha: number, power: number) =>
    Array.from({ length: 4001 }, (_, k) => (k - 2000) / 200).reduce((sum, x) => {
      const hard = Math.min(1, Math.max(0, alpha * x + 0.5))
      return sum + (x ** power * (1 / (1 + Math.exp(-x)) - hard)) ** 2
    }, 0)
  for (const [alpha, power] of [
    [SIGMOID_ALPHA, 0],
    [SWISH_ALPHA, 1],
  ] as const) {
    expect(loss(alpha, power)).toBeLessThan(loss(alpha + 0.005, power))
    expect(loss(alpha, power)).toBeLessThan(loss(alpha - 0.005, power))
  }
})
