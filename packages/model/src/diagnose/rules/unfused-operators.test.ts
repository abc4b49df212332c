import { checkRule, evidence, experiments, type NodeNote } from '../../../test/support/diagnose/check-rule.ts'
import { unfusedOperators } from './unfused-operators.ts'

const shape = [1, 100, 1000]
const part = (op: string, inputs: string[], out: string, timeMs = 0.2): NodeNote => ({
  op,
  timeMs,
  in: inputs,
  out: [out],
  shape,
})
const scalar = (value: number) => ({ shape: [], sizeBytes: 4, values: [value] })
const vector = { shape: [1000], sizeBytes: 4000 } as const

const constants = {
  two: scalar(2),
  epsilon: scalar(1e-5),
  sqrt2: scalar(Math.SQRT2),
  one: scalar(1),
  half: scalar(0.5),
  gamma: vector,
  beta: vector,
  three: scalar(3),
  root: scalar(-0.5),
}

const layerNorm = [
  { ...part('ReduceMean', ['x'], 'mean'), attributes: { axes: [-1] } },
  part('Sub', ['x', 'mean'], 'centred'),
  part('Pow', ['centred', 'two'], 'square'),
  { ...part('ReduceMean', ['square'], 'variance'), attributes: { axes: [-1] } },
  part('Add', ['variance', 'epsilon'], 'shifted'),
  part('Sqrt', ['shifted'], 'deviation'),
  part('Div', ['centred', 'deviation'], 'normal'),
  part('Mul', ['normal', 'gamma'], 'scaled'),
  part('Add', ['scaled', 'beta'], 'y'),
]
const inHalves = layerNorm.map((one): NodeNote => ({ ...one, dtype: 'float16' }))
const halves = Object.fromEntries(Object.entries(constants).map(([name, one]) => [name, { ...one, dtype: 'float16' as const }]))
/** Keras: g = gamma / sqrt(variance + epsilon), y = x * g + (beta - mean * g); the root by Pow. */
const kerasNorm = [
  ...layerNorm.slice(0, 5),
  part('Pow', ['shifted', 'root'], 'inverse'),
  part('Mul', ['inverse', 'gamma'], 'g'),
  part('Mul', ['x', 'g'], 'xg'),
  part('Mul', ['mean', 'g'], 'mg'),
  part('Sub', ['beta', 'mg'], 'shift'),
  part('Add', ['xg', 'shift'], 'y'),
]
const gelu = [
  part('Div', ['x', 'sqrt2'], 'd'),
  part('Erf', ['d'], 'e', 0.8),
  part('Add', ['e', 'one'], 'f'),
  part('Mul', ['x', 'f'], 'g'),
  part('Mul', ['g', 'half'], 'y'),
]
/** `name` [1, 100, 8 * 64] in 8 heads. */
const inHeads = (name: string, perm: readonly number[], turned: readonly number[]): NodeNote[] => [
  { ...part('MatMul', ['x', `w${name}`], name, 1), shape: [1, 100, 512] },
  { ...part('Reshape', [name, 'sizes'], `${name}4`), shape: [1, 100, 8, 64] },
  { ...part('Transpose', [`${name}4`], `${name}h`), attributes: { perm }, shape: turned },
]
const heads = [
  ...inHeads('q', [0, 2, 1, 3], [1, 8, 100, 64]),
  ...inHeads('k', [0, 2, 3, 1], [1, 8, 64, 100]),
  ...inHeads('v', [0, 2, 1, 3], [1, 8, 100, 64]),
  { ...part('Mul', ['qh', 'eighth'], 'scaled'), shape: [1, 8, 100, 64] },
  { ...part('MatMul', ['scaled', 'kh'], 'scores'), shape: [1, 8, 100, 100] },
  { ...part('Softmax', ['scores'], 'shares'), shape: [1, 8, 100, 100] },
  { ...part('MatMul', ['shares', 'vh'], 'seen'), shape: [1, 8, 100, 64] },
  { ...part('Transpose', ['seen'], 'merged'), attributes: { perm: [0, 2, 1, 3] }, shape: [1, 100, 8, 64] },
  { ...part('Reshape', ['merged', 'sizes'], 'y'), shape: [1, 100, 512] },
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
      expect: { timeMs: 1.8, wouldSaveMs: null, detail: /^1 LayerNorm.* no less than 21\.2 µs/s },
    },
    {
      name: 'a LayerNorm in pieces that were timed alone, without a rewrite',
      given: timedAlone('one-thread'),
      expect: { timeMs: 1.8 },
    },
    {
      name: 'a LayerNorm in halves, which no remedy replaces',
      given: evidence({ p50Ms: 10, nodes: inHalves, constants: halves }),
      expect: { timeMs: 1.8, detail: /^1 LayerNorm/ },
    },
    {
      // Eleven nodes of 0.2 ms, and three values of 808,008 B as above.
      name: "Keras' LayerNorm, the root by Pow",
      given: evidence({ p50Ms: 10, nodes: kerasNorm, constants }),
      expect: { timeMs: 2.2, detail: /^1 LayerNorm/ },
    },
    {
      // Twelve nodes of 0.2 ms; both products and the softmax stay.
      name: 'attention in heads, scaled before the product',
      given: evidence({ p50Ms: 10, nodes: heads, constants: { eighth: scalar(0.125) } }),
      expect: { timeMs: 2.4, wouldSaveMs: null, detail: /^1 attention.* no less than 600 µs/s },
    },
    {
      // Five nodes, 1.6 ms; the erf's own 0.8 ms stay.
      name: 'a GELU in five pieces',
      given: evidence({ p50Ms: 10, nodes: gelu, constants }),
      expect: { timeMs: 1.6, wouldSaveMs: null, detail: /^1 GELU.* no less than 800 µs/s },
    },
    {
      name: 'a GELU written with half of x first',
      given: evidence({
        p50Ms: 10,
        nodes: [part('Mul', ['x', 'half'], 'h'), ...gelu.slice(0, 3), part('Mul', ['h', 'f'], 'y')],
        constants,
      }),
      expect: { timeMs: 1.6, wouldSaveMs: null },
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
        constants: { eight: scalar(8) },
      }),
      expect: { timeMs: 1.6, wouldSaveMs: null, detail: /^1 attention/ },
    },
    {
      // 0.8 ms as above; of the normalization it is not known.
      name: 'attentions that were timed alone, and a LayerNorm in pieces that was not',
      given: attention(0.6, layerNorm),
      expect: { timeMs: 3.8, wouldSaveMs: 0.8, basis: 'measured', detail: /, and 600 µs by fuse-attention\. .* 1 LayerNorm/ },
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
      expect: { timeMs: 0.6, wouldSaveMs: null, nodes: ['BatchNormalization_1'] },
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
      name: 'a sum of 3 in the place of 1, which is no GELU',
      given: evidence({
        nodes: gelu.map((one) => ({ ...one, in: one.in!.map((name) => (name === 'one' ? 'three' : name)) })),
        constants,
      }),
    },
    {
      name: 'an erf of its own',
      given: evidence({ nodes: [part('Mul', ['x', 'half'], 'a', 1), part('Erf', ['a'], 'y', 3)], constants }),
    },
  ],
})
