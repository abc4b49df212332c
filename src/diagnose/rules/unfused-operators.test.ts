import { checkRule, evidence, experiments, type NodeNote } from '../check-rule.ts'
import { unfusedOperators } from './unfused-operators.ts'

const shape = [1, 100, 1000]
const part = (op: string, inputs: string[], out: string, timeMs = 0.2): NodeNote => ({
  op,
  timeMs,
  in: inputs,
  out: [out],
  shape,
})
const scalar = { shape: [], sizeBytes: 4 } as const
const vector = { shape: [1000], sizeBytes: 4000 } as const

const constants = { two: scalar, epsilon: scalar, sqrt2: scalar, one: scalar, half: scalar, gamma: vector, beta: vector }

const layerNorm = [
  part('ReduceMean', ['x'], 'mean'),
  part('Sub', ['x', 'mean'], 'centred'),
  part('Pow', ['centred', 'two'], 'square'),
  part('ReduceMean', ['square'], 'variance'),
  part('Add', ['variance', 'epsilon'], 'shifted'),
  part('Sqrt', ['shifted'], 'deviation'),
  part('Div', ['centred', 'deviation'], 'normal'),
  part('Mul', ['normal', 'gamma'], 'scaled'),
  part('Add', ['scaled', 'beta'], 'y'),
]
const gelu = [
  part('Div', ['x', 'sqrt2'], 'd'),
  part('Erf', ['d'], 'e', 0.8),
  part('Add', ['e', 'one'], 'f'),
  part('Mul', ['x', 'f'], 'g'),
  part('Mul', ['g', 'half'], 'y'),
]
/** All pieces timed alone, as one. */
const timedAlone = (kind: 'rewrite' | 'one-thread') => {
  const named = layerNorm.map((one) => ({ ...one, name: one.out![0]! }))
  const row = { nodes: named.map(({ name }) => name), opTypes: named.map(({ op }) => op), variants: [{ kind, ratio: 0.5 }] }
  return evidence({ p50Ms: 10, nodes: named, constants, operatorExperiments: experiments([row]) })
}
/** All attentions of a model timed alone, in pieces and fused. */
const attention = (ratio: number, nodes: readonly NodeNote[] = []) => {
  const opTypes = ['Transpose', 'FusedMatMul', 'Add', 'Softmax', 'MatMul', 'Transpose']
  const variants = [{ kind: 'rewrite', remedy: 'fuse-attention', ratio } as const]
  return evidence({
    p50Ms: 10,
    nodes,
    constants,
    operatorExperiments: experiments([{ nodes: ['a', 'b'], copies: 2, opTypes, variants }]),
  })
}

checkRule(unfusedOperators, {
  found: [
    {
      // Nine nodes of 0.2 ms. Fused: 1 µs to start, x and y once, 400,000 B each, and 2 x 4,000 B + 2 x 4 B of constants:
      // 808,008 B at 40 GB/s (L3) = 0.0202002 ms. 1.8 - 0.0212002.
      name: 'a LayerNorm in nine pieces',
      given: evidence({ p50Ms: 10, nodes: layerNorm, constants }),
      expect: { timeMs: 1.8, wouldSaveMs: 1.7787998, detail: /^1 LayerNorm/ },
    },
    {
      name: 'a LayerNorm in pieces that were timed alone, without a rewrite',
      given: timedAlone('one-thread'),
      expect: { timeMs: 1.8 },
    },
    {
      // Five nodes, 1.6 ms; the erf's own 0.8 ms stay.
      name: 'a GELU in five pieces',
      given: evidence({ p50Ms: 10, nodes: gelu, constants }),
      expect: { timeMs: 1.6, wouldSaveMs: 0.8, detail: /^1 GELU/ },
    },
    {
      name: 'a GELU written with half of x first',
      given: evidence({
        p50Ms: 10,
        nodes: [part('Mul', ['x', 'half'], 'h'), ...gelu.slice(0, 3), part('Mul', ['h', 'f'], 'y')],
        constants,
      }),
      expect: { timeMs: 1.6, wouldSaveMs: 0.8 },
    },
    {
      // Scale and mask go, the softmax and both products stay.
      name: 'attention with a scale and a mask of its own',
      given: evidence({
        p50Ms: 10,
        nodes: [
          part('MatMul', ['q', 'k'], 'scores', 1),
          part('Div', ['scores', 'eight'], 'scaled', 0.4),
          part('Add', ['scaled', 'mask'], 'masked', 0.5),
          part('Softmax', ['masked'], 'weights', 0.7),
          part('MatMul', ['weights', 'v'], 'y', 1),
        ],
        constants: { eight: scalar },
      }),
      expect: { timeMs: 1.6, wouldSaveMs: 0.9, detail: /^1 attention/ },
    },
    {
      // 0.8 ms as above, and 1.7787998 of the normalization.
      name: 'attentions that were timed alone, and a LayerNorm in pieces that was not',
      given: attention(0.6, layerNorm),
      expect: { timeMs: 3.8, wouldSaveMs: 2.5787998, basis: 'modelled', detail: /by fuse-attention .* 1 LayerNorm/ },
    },
    {
      name: 'attentions that were timed alone beside their fused form',
      given: attention(0.6),
      expect: { timeMs: 2, wouldSaveMs: 0.8, basis: 'measured', nodes: ['a', 'b'], detail: /by fuse-attention/ },
    },
    {
      name: 'batch normalization after a convolution folds into its weights',
      given: evidence({
        p50Ms: 10,
        nodes: [part('Conv', ['x', 'w'], 'a', 5), part('BatchNormalization', ['a', 's', 'b', 'm', 'v'], 'y', 0.6)],
      }),
      expect: { wouldSaveMs: 0.6, nodes: ['BatchNormalization_1'] },
    },
  ],
  clear: [
    {
      name: 'fused operators',
      given: evidence({ nodes: [part('LayerNormalization', ['x', 'gamma', 'beta'], 'y', 3), part('Gelu', ['y'], 'z', 3)] }),
    },
    { name: 'a LayerNorm in pieces that were timed alone beside a rewrite', given: timedAlone('rewrite') },
    { name: 'an attention that is no faster fused', given: attention(1.02) },
    { name: 'a LayerNorm too short to notice', given: evidence({ p50Ms: 100, nodes: layerNorm, constants }) },
    {
      name: 'a convolution that another node reads too',
      given: evidence({
        nodes: [part('Conv', ['x', 'w'], 'a', 5), part('BatchNormalization', ['a'], 'y', 0.6), part('Relu', ['a'], 'z', 0.1)],
      }),
    },
    {
      name: 'a convolution that has its activation already',
      given: evidence({
        nodes: [
          { op: 'FusedConv', timeMs: 5, in: ['x', 'w'], out: ['a'], attributes: { activation: 'Relu' } },
          part('BatchNormalization', ['a'], 'y', 0.6),
        ],
      }),
    },
    {
      name: 'a softmax at the end',
      given: evidence({ nodes: [part('MatMul', ['x', 'w'], 'a', 5), part('Softmax', ['a'], 'y', 1)] }),
    },
    {
      name: 'softmax between products, nothing between them to fuse',
      given: evidence({
        nodes: [part('MatMul', ['q', 'k'], 's', 5), part('Softmax', ['s'], 'p', 1), part('MatMul', ['p', 'v'], 'y', 2)],
      }),
    },
    {
      name: 'an erf of its own',
      given: evidence({ nodes: [part('Mul', ['x', 'half'], 'a', 1), part('Erf', ['a'], 'y', 3)], constants }),
    },
  ],
})
