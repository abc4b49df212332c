// Attention without projections: [query, value], or [query, value, key]. keras/src/layers/attention/{attention,additive_attention}.py

import { asBool, binary, scalar, unary, where } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { matmul, swapLastAxes } from '../tensorflow/products.ts'
import { isList, isTensor } from './arguments.ts'
import { attentionMask, maskedSoftmax } from './attention-mask.ts'
import type { LayerCall, LayerKind, LayerResult } from './layer.ts'
import { asFloat, trainableSlots } from './layer-parts.ts'

export const attention: LayerKind = {
  classNames: ['Attention'],
  arrays: (config) => [
    ...(config.raw('use_scale') === true ? trainableSlots('scale') : []),
    ...(config.raw('score_mode') === 'concat' ? trainableSlots('concat_score_weight') : []),
  ],
  write: (call) =>
    attended(call, (query, key) =>
      call.config.raw('score_mode') === 'concat' ? sums(call, query, key) : products(call, query, key),
    ),
}

export const additiveAttention: LayerKind = {
  classNames: ['AdditiveAttention'],
  arrays: (config) => (config.flag('use_scale', true) ? trainableSlots('scale') : []),
  write: (call) =>
    attended(call, (query, key) => {
      const { builder } = call
      const tanh = unary(builder, 'Tanh', pairs(call, query, key))
      const scale = call.arrays.get('scale')
      const scaled = scale === undefined ? tanh : binary(builder, 'Mul', tanh, builder.constant(scale, 'scale'))
      return reduce(builder, 'ReduceSum', scaled, { axes: [-1] })
    }),
}

/** [n, queries, values]. */
function products(call: LayerCall, query: Value, key: Value): Value {
  const { builder } = call
  return scaled(call, matmul(builder, query, swapLastAxes(builder, key)), 'scale')
}

function sums(call: LayerCall, query: Value, key: Value): Value {
  const { builder } = call
  const tanh = unary(builder, 'Tanh', scaled(call, pairs(call, query, key), 'scale'))
  return scaled(call, reduce(builder, 'ReduceSum', tanh, { axes: [-1] }), 'concat_score_weight')
}

/** Each query with each key: [n, queries, keys, features]. */
const pairs = ({ builder }: LayerCall, query: Value, key: Value): Value =>
  binary(builder, 'Add', unsqueeze(builder, query, [2]), unsqueeze(builder, key, [1]))

/** Times the one number of a slot, where the layer has it. */
function scaled({ builder, arrays, config }: LayerCall, x: Value, slot: string): Value {
  const number: ConstantData | undefined = arrays.get(slot)
  if (number === undefined) return x
  if (number.data.length !== 1)
    throw config.refuse(`needs one number for its ${slot}, and the file has ${number.shape.join('x')}`)
  return binary(builder, 'Mul', x, builder.constant(reshapeConstant(number, []), slot))
}

function attended(call: LayerCall, score: (query: Value, key: Value) => Value): LayerResult {
  const { builder, config, inputs, kwargs } = call
  const [query, value, key = value] = inputs.map((input) => asFloat(call, input))
  if (query === undefined || value === undefined || query.shape.length !== 3 || value.shape.length !== 3)
    throw config.refuse('is called with something else than a query and a value of 3 axes')
  const [queryMask, valueMask] = [0, 1].map((k) => {
    const given = isList(kwargs.mask) ? kwargs.mask[k] : undefined
    const mask = isTensor(given) ? given : call.masks[k]
    return mask === undefined ? undefined : asBool(builder, mask)
  })
  const causal = kwargs.use_causal_mask === true || config.raw('causal') === true
  const mask = attentionMask(builder, { query, value, valueMask, causal })
  const shares = maskedSoftmax(builder, score(query, key!), { mask, zeroed: false })
  const seen = matmul(builder, shares, value)
  const zero = scalar(builder, seen.dtype, 0)
  const shown = queryMask === undefined ? seen : where(builder, unsqueeze(builder, queryMask, [2]), seen, zero)
  const returned = kwargs.return_attention_scores === true
  return { outputs: returned ? [shown, shares] : [shown], masks: [queryMask, undefined] }
}
