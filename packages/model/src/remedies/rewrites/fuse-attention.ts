// Attention written out in pieces becomes one operator that keeps the scores of a head in cache. Two forms: MultiHeadAttention, which
// takes the projections (their biases too), and Attention, which makes them itself where all three read one value.
// What each takes: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md; the CPU kernels take float32:
// onnxruntime/contrib_ops/cpu/bert/{multihead_attention,attention}.cc. Scores and softmax are computed in another order.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { type AttentionPattern, biasBefore, findAttention } from '@whyslow/graph/patterns/attention.ts'
import { concatenateColumns, concatenateFloats, floatsOf, sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, type Replacement, rewriteGraphs, trimInputs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy, type Proposal, predictedSaving, type RemedyEvidence, type RemedySetup } from '../kit/remedy.ts'
import { countRun, isUnfused, timesOf } from '../kit/unfused.ts'

const TREATS = ['unfused-operators', 'memory-bound-operators', 'dispatch-overhead']

export const fuseAttention = defineRemedy({
  id: 'fuse-attention',
  title: 'Attention written in pieces becomes one operator',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const apart = propose(setup, evidence, 'multi-head')
    if (apart === undefined) return []
    const whole = propose(setup, evidence, 'attention')
    return whole === undefined ? [apart] : [apart, whole]
  },
})

type Variant = 'multi-head' | 'attention'

/** undefined if there is no attention, or, for `attention`, none whose projections could be taken in. */
function propose(setup: RemedySetup, evidence: RemedyEvidence, variant: Variant): Proposal | undefined {
  const rewritten = rewriteGraphs(
    setup.model,
    (matching, fresh) => {
      const masks = new Map<string, string>()
      return matching.graph.node.flatMap((softmax): Replacement[] => {
        const pattern = findAttention(matching, softmax)
        if (pattern === undefined || !isUnfused(evidence, softmax)) return []
        const found = { matching, pattern, fresh, masks }
        return [(variant === 'attention' ? whole(found) : undefined) ?? multiHead(found)]
      })
    },
    { 'com.microsoft': 1 },
  )
  if (rewritten === undefined) return undefined
  const { model, replaced } = rewritten
  const made = replaced.flatMap(({ add }) => add ?? [])
  const fusedInto = (opType: string) => made.filter((one) => one.opType === opType).length
  if (variant === 'attention' && fusedInto('Attention') === 0) return undefined
  const changes = ['MultiHeadAttention', 'Attention'].flatMap((opType) => {
    return fusedInto(opType) === 0 ? [] : [`${count(fusedInto(opType), 'attention block')} computed by ${opType}`]
  })
  return {
    variant,
    setup: { ...setup, model },
    changes,
    predictedSavingMs: savingOf(evidence, replaced),
    took: (executed) => countRun(executed, /^(MultiHead)?Attention$/) >= replaced.length,
  }
}

/** What moves and scales goes; the products and the softmax stay. */
function savingOf(evidence: RemedyEvidence, replaced: readonly Replacement[]): number | null {
  if (evidence.profile === undefined) return predictedSaving(TREATS, evidence)
  const gone = replaced.flatMap(({ parts }) => parts.filter((part) => !isOperator(part, 'MatMul', 'Softmax')))
  return Math.min(sum(timesOf(evidence, gone)), evidence.p50Ms)
}

interface FoundAttention {
  readonly matching: Matching
  readonly pattern: AttentionPattern
  readonly fresh: (hint: string) => string
  /** Masks brought to the shape of the scores, by mask and shape: layers share them. */
  readonly masks: Map<string, string>
}

function multiHead({ matching, pattern, fresh, masks }: FoundAttention): Replacement {
  const { heads, scale, parts, last } = pattern
  const result = last.output[0]!
  const sources = [pattern.query, pattern.key, pattern.value]
  const biased = sources.map((name) => biasBefore(matching, name, parts))
  const added: NodeProto[] = []
  const initializers: TensorProto[] = []
  const removed = new Set(parts)
  let [inputs, bias] = [sources, '']
  if (biased.every((one) => one !== undefined)) {
    const values = biased.map((one) => floatsOf(matching, one!.constant)!)
    bias = fresh(`${result}_bias`)
    initializers.push(floatTensor(bias, [sum(values.map(({ length }) => length))], concatenateFloats(values)))
    inputs = biased.map((one) => one!.value)
    for (const one of biased) removed.add(one!.node)
  }
  const mask = maskInput({ matching, pattern, fresh, masks }, [inputs[0]!, inputs[1]!], added, initializers)
  const operands = trimInputs([...inputs, bias, '', mask])
  const attributes = { num_heads: heads, scale: { float: scale } }
  added.push(
    node({ opType: 'MultiHeadAttention', domain: 'com.microsoft', name: last.name || result }, operands, [result], attributes),
  )
  return { parts: [...removed], remove: removed, add: added, addInitializers: initializers }
}

/** Attention with the projections in it: three products of one value with constant weights of one width. */
function whole({ matching, pattern, fresh, masks }: FoundAttention): Replacement | undefined {
  const { heads, scale, parts, last, query, key, value } = pattern
  const biased = [query, key, value].map((name) => biasBefore(matching, name, parts))
  const all = biased.every((one) => one !== undefined)
  if (!all && biased.some((one) => one !== undefined)) return undefined
  const products = [query, key, value].map((name, k) => matching.producer(biased[k]?.value ?? name))
  const [first] = products
  const removed = new Set(parts)
  const weights: Float32Array[] = []
  for (const [k, product] of products.entries()) {
    const shape = matching.constant(product?.input[1])?.shape
    const values = isOperator(product, 'MatMul') && shape?.length === 2 ? floatsOf(matching, product.input[1]) : undefined
    const reader = biased[k]?.node
    const read = matching
      .readers(product?.output[0] ?? '')
      .every((one) => (reader === undefined ? parts.has(one) : one === reader))
    if (product === undefined || values === undefined || product.input[0] !== first!.input[0]) return undefined
    if (!read || matching.isOutput(product.output[0]!)) return undefined
    weights.push(values)
    removed.add(product)
    if (reader !== undefined) removed.add(reader)
  }
  if (matching.shape(first!.input[0])?.length !== 3 || new Set(products).size !== 3) return undefined
  const depth = matching.constant(first!.input[1])!.shape[0]!
  const widths = weights.map(({ length }) => length / depth)
  const result = last.output[0]!
  const packed = fresh(`${result}_weights`)
  const initializers: TensorProto[] = [floatTensor(packed, [depth, sum(widths)], concatenateColumns(weights, depth))]
  let bias = ''
  if (all) {
    bias = fresh(`${result}_bias`)
    initializers.push(
      floatTensor(bias, [sum(widths)], concatenateFloats(biased.map((one) => floatsOf(matching, one!.constant)!))),
    )
  }
  const added: NodeProto[] = []
  const source = first!.input[0]!
  const mask = maskInput({ matching, pattern, fresh, masks }, [source, source], added, initializers)
  const operands = trimInputs([source, packed, bias, '', '', mask])
  const attributes = { num_heads: heads, scale: { float: scale }, qkv_hidden_sizes: widths }
  added.push(node({ opType: 'Attention', domain: 'com.microsoft', name: last.name || result }, operands, [result], attributes))
  return { parts: [...removed], remove: removed, add: added, addInitializers: initializers }
}

/**
 * The mask as the operator takes it: four dimensions, the last two as the scores have them. Sizes that are symbols are read off the
 * second axis of `query` and `key` when the model runs.
 */
function maskInput(
  { matching: { opset }, pattern: { mask, queryLength, keyLength }, fresh, masks }: FoundAttention,
  [query, key]: readonly [string, string],
  added: NodeProto[],
  initializers: TensorProto[],
): string {
  if (mask === undefined) return ''
  const identity = JSON.stringify([mask.name, queryLength, keyLength])
  const known = masks.get(identity)
  if (known !== undefined) return known
  const constant = (hint: string, values: readonly number[]) => {
    const name = fresh(`${mask.name}_${hint}`)
    initializers.push(int64Tensor(name, [values.length], values))
    return name
  }
  const add = (opType: string, inputs: readonly string[], hint: string, attributes = {}) => {
    const name = fresh(`${mask.name}_${hint}`)
    added.push(node({ opType, name }, inputs, [name], attributes))
    return name
  }
  let name = mask.name
  if (mask.rank < 4) {
    const axes = Array.from({ length: 4 - mask.rank }, (_, axis) => axis)
    name = opset < 13 ? add('Unsqueeze', [name], 'four', { axes }) : add('Unsqueeze', [name, constant('axes', axes)], 'four')
  }
  const missing = [
    { from: query, to: queryLength, has: mask.shape[2]! },
    { from: key, to: keyLength, has: mask.shape[3]! },
  ]
  if (missing.some(({ to, has }) => has !== to)) {
    const sizes = missing.map(({ from, to, has }, k) => {
      if (has === to) return constant('keep', [1])
      if (typeof to === 'number') return constant('size', [to])
      return add('Gather', [add('Shape', [from], `shape_${k}`), constant('second', [1])], `size_${k}`, { axis: 0 })
    })
    name = add('Expand', [name, add('Concat', [constant('ones', [1, 1]), ...sizes], 'target', { axis: 0 })], 'expanded')
  }
  masks.set(identity, name)
  return name
}
