// Attention of several heads, with projections. Called (query, value, key), stored query, key, gate, value, output.
// keras/src/layers/attention/{multi_head_attention,grouped_query_attention}.py and tf_keras'

import { asBool, binary, cast, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { inverse } from '@whyslow/graph/builder/permutation.ts'
import { countOf, reshape, tile, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { transpose } from '../tensorflow/layout.ts'
import { matmul, swapLastAxes } from '../tensorflow/products.ts'
import { constantIn, isTensor, wholesIn } from './arguments.ts'
import { attentionMask, maskedSoftmax } from './attention-mask.ts'
import { denseOver } from './einsum-dense.ts'
import type { Argument, ChildSlot, LayerCall, LayerKind } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { asFloat } from './layer-parts.ts'

function childrenOf(config: LayerConfig, name: string): ChildSlot[] {
  const gated = config.raw('use_gate') === true
  const bias = config.flag('use_bias', true) ? { bias_axes: 'de' } : {}
  return ['query', 'key', ...(gated ? ['gate'] : []), 'value', 'output'].map((part) => ({
    attributes: [`${part}_dense`, `_${part}_dense`],
    className: 'EinsumDense',
    name: `${name}/${part === 'output' ? 'attention_output' : part}`,
    config: config.inner('EinsumDense', `${name}/${part}`, bias),
  }))
}

export const multiHeadAttention: LayerKind = {
  classNames: ['MultiHeadAttention', 'GroupQueryAttention', 'GroupedQueryAttention'],
  children: (config, _, name) => childrenOf(config, name),
  write(call) {
    const { builder, config, kwargs } = call
    const inputs = inputsOf(call)
    const { query, key, value } = inputs
    const axes = attentionAxes(call, query)
    const mask = maskOf(call, inputs, axes)
    const heads = (part: string, x: Value) => headsFirst(builder, projected(call, part, x, 1), axes)
    const [q, k, v] = [heads('query_dense', query), heads('key_dense', key), heads('value_dense', value)]
    const count = q.shape.at(-3) as number
    const scaled = withNumber(builder, 'Mul', q, 1 / Math.sqrt(q.shape.at(-1) as number))
    const scores = matmul(builder, scaled, swapLastAxes(builder, repeatedHeads(builder, k, count)))
    const returned = kwargs.return_attention_scores === true
    // Without scores and dropout, Keras 3 asks its backend, where a query that may see nothing sees all alike.
    const plain = !returned && query.shape.length === 3 && config.number('dropout', 0) === 0
    const shares = maskedSoftmax(builder, scores, { mask, zeroed: call.dialect === 'keras-3' && !plain })
    const seen = headsLast(builder, matmul(builder, shares, repeatedHeads(builder, v, count)), { axes, like: query })
    const gated = call.children.has('gate_dense')
      ? binary(builder, 'Mul', seen, unary(builder, 'Sigmoid', projected(call, 'gate_dense', query, 1)))
      : seen
    const output = projected(call, 'output_dense', gated, 2)
    if (returned && axes.length > 1) throw config.refuse('gives out its scores over several axes, which is not written here')
    const takesMasks = call.dialect === 'keras-3' && call.className === 'MultiHeadAttention'
    return { outputs: returned ? [output, shares] : [output], masks: [call.masks[0], undefined], takesMasks }
  },
}

interface Inputs {
  readonly query: Value
  readonly value: Value
  readonly key: Value
}

function inputsOf(call: LayerCall): Inputs {
  const [query, value, key] = ['query', 'value', 'key'].map((name, k) => {
    const given = call.kwargs[name] ?? call.args[k]
    return isTensor(given) ? asFloat(call, given) : undefined
  })
  if (query === undefined || value === undefined) throw call.config.refuse('is called without a query or a value')
  return { query, value, key: key ?? value }
}

/** Axes that are attended over, counted in the query: all but the batch and the features, unless the file says others. */
function attentionAxes({ config }: LayerCall, query: Value): readonly number[] {
  const rank = query.shape.length
  const told = wholesIn(config.raw('attention_axes'))?.map((axis) => axisFromFront(axis, rank))
  const axes = told ?? query.shape.slice(1, -1).map((_, k) => k + 1)
  if (axes.some((axis) => axis < 1 || axis > rank - 2)) throw config.refuse(`attends over axes ${axes.join(', ')} of ${rank}`)
  return axes
}

/** bool, with an axis for the heads: [n or 1, …, 1, queries, values]. */
function maskOf(call: LayerCall, { query, value }: Inputs, axes: readonly number[]): Value | undefined {
  const { builder, kwargs, kwargMasks, masks, config } = call
  const of = (name: string, k: number) => {
    const given = kwargs[`${name}_mask`]
    const mask = isTensor(given) ? given : isTensor(call.args[k]) ? masks[k] : kwargMasks[name]
    return mask === undefined ? undefined : asBool(builder, mask)
  }
  const mask = attentionMask(builder, {
    query,
    value,
    queryMask: of('query', 0),
    valueMask: of('value', 1),
    keyMask: of('key', 2),
    given: givenMask(call, kwargs.attention_mask),
    causal: kwargs.use_causal_mask === true,
    window: typeof config.raw('sliding_window') === 'number' ? config.number('sliding_window') : undefined,
  })
  if (mask === undefined) return undefined
  if (axes.length > 1 || query.shape.length > 3) throw config.refuse('has a mask over several axes, which is not written here')
  return mask.shape.length > 3 ? mask : unsqueeze(builder, mask, [mask.shape.length - 2])
}

function givenMask({ builder, config }: LayerCall, given: Argument | undefined): Value | undefined {
  if (given === undefined || given === null) return undefined
  if (isTensor(given)) return asBool(builder, given)
  const constant = constantIn(given)
  if (constant === undefined) throw config.refuse('has an attention_mask that is not a tensor')
  return cast(builder, builder.constant(constant), 'bool')
}

/** The last `contracted` axes projected by the kernel of a layer inside, whose other axes stand behind. */
function projected(call: LayerCall, part: string, x: Value, contracted: number): Value {
  const { builder, config } = call
  const layer = call.children.get(part)
  const kernel = layer?.arrays.get('kernel')
  if (layer === undefined || kernel === undefined) throw config.refuse(`has no array for its ${part}; save the model again`)
  return builder.within(layer.name, () => {
    const product = kernel.shape.length > contracted ? denseOver(builder, x, { kernel, contracted }) : undefined
    if (product === undefined)
      throw layer.config.refuse(`has a kernel of ${kernel.shape.join('x')}, which does not fit what it is called with`)
    const bias = layer.arrays.get('bias')
    return bias === undefined ? product : withBias(builder, product, bias)
  })
}

const withBias = (builder: GraphBuilder, x: Value, bias: ConstantData): Value =>
  binary(builder, 'Add', x, builder.constant(reshapeConstant(bias, bias.shape), 'bias'))

/** [n, …, heads, size] as [n, …others, heads, attended, size], axes that are attended over as one. */
function headsFirst(builder: GraphBuilder, x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length
  const others = x.shape.slice(1, -2).flatMap((_, k) => (axes.includes(k + 1) ? [] : [k + 1]))
  const turned = transpose(builder, x, [0, ...others, rank - 2, ...axes, rank - 1])
  if (axes.length === 1) return turned
  const merged = countOf(axes.map((axis) => x.shape[axis]!))
  return reshape(builder, turned, [...turned.shape.slice(0, others.length + 2), merged, x.shape.at(-1)!])
}

/** What headsFirst did to the query, undone. */
function headsLast(
  builder: GraphBuilder,
  x: Value,
  { axes, like }: { readonly axes: readonly number[]; readonly like: Value },
): Value {
  const sizes = axes.map((axis): Dimension => like.shape[axis]!)
  const parted = axes.length === 1 ? x : reshape(builder, x, [...x.shape.slice(0, -2), ...sizes, x.shape.at(-1)!])
  const rank = parted.shape.length
  const others = like.shape.slice(1, -1).flatMap((_, k) => (axes.includes(k + 1) ? [] : [k + 1]))
  const from = [0, ...others, rank - 2, ...axes, rank - 1]
  return transpose(builder, parted, inverse(from))
}

/** Key and value heads for each query head: every one stands several times, one after the other. */
function repeatedHeads(builder: GraphBuilder, x: Value, heads: number): Value {
  const [own, axis] = [x.shape.at(-3) as number, x.shape.length - 3]
  if (own === heads) return x
  const wide = unsqueeze(builder, x, [axis + 1])
  const repeated = tile(
    builder,
    wide,
    wide.shape.map((_, k) => (k === axis + 1 ? heads / own : 1)),
  )
  return reshape(builder, repeated, [...x.shape.slice(0, axis), heads, ...x.shape.slice(axis + 1)])
}
