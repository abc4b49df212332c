// Attention in pieces as GroupQueryAttention (com.microsoft): one node reads the cache once, repeats no heads, and writes new tokens into the cache
// that it read if both are the same memory.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention
import { floatTensor, int64Tensor, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import { editGraph, freshNames, type GraphEdit, joinEdits, withDomain, withGraph } from '@whyslow/graph/edit.ts'
import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto, NodeProto } from 'onnx-buf'
import { MICROSOFT } from '../kit/block-products.ts'
import type { RemedyTarget, RemedyTools } from '../kit/remedy.ts'
import { type CachedAttention, type FoundCache, isTranspose } from './cached-attention.ts'
import { type Angles, anglesOf } from './evaluate-part.ts'
import { type MaskUse, type MaskUses, maskKey } from './mask-uses.ts'
import { lengthsFromMask } from './past-length.ts'
import { type Rotary, rotaryOf } from './rotary.ts'

/** If the kernel rotates queries and keys itself, heads are multiples of 16: group_query_attention_helper.h */
const ROTARY_MULTIPLE = 16
/** The place of attention_bias among the inputs. */
const BIAS_AT = 10
const NO_MASK: MaskUse = { keys: null, bias: null }
/** Since when the axes of ReduceSum are an input. */
const AXES_INPUT = 13

interface Turned {
  readonly attention: CachedAttention
  /** Positions turned by the kernel; undefined: by the graph, as before. */
  readonly rotary: { readonly query: Rotary; readonly key: Rotary } | undefined
}

export interface AttentionFusion {
  readonly model: Model
  /** Attentions whose positions the kernel turns itself. */
  readonly inside: number
}

/** `uses`: a window as the kernel counts it. */
export async function fuseAttention(
  target: RemedyTarget,
  attentions: readonly CachedAttention[],
  { uses, ...tools }: RemedyTools & { readonly uses: MaskUses },
): Promise<AttentionFusion | string> {
  const { model, layout } = target
  const graph = model.proto.graph!
  const matching = matchGraph(model, graph)
  const useOf = (attention: CachedAttention) => uses.get(maskKey(attention)) ?? NO_MASK
  for (const attention of attentions) {
    const { bias } = useOf(attention)
    if (bias !== null && matching.dtype(bias) !== matching.dtype(attention.query))
      return `${bias} is of another type than the queries, and is added to their scores`
  }
  const turned = attentions.map((attention) => ({ attention, rotary: rotaryAround(matching, attention) }))
  const tables = await tablesFor(target, turned, tools)
  const fresh = freshNames(graph)
  const mask = layout.inputs.mask?.name ?? fresh('attention_mask')
  const lengths = lengthsOf(matching, mask, fresh)
  const joined = joinedBy(attentions)
  const reads = lengthsFromMask(matching, layout, { mask, joined }, fresh)
  const biases = attentions.flatMap((attention) => useOf(attention).bias ?? [])
  const ofKeys = biases.find((bias) => dependsOn(matching, bias, { on: joined, but: reads.read ?? new Map() }))
  if (ofKeys !== undefined) return `${ofKeys} is added to the scores, and made of the keys themselves`
  const angles = new Map([...tables].map(([key, table]) => [key, tableTensors(table, fresh)]))
  const edits = turned.map(({ attention, rotary }) => {
    const table = rotary && angles.get(keyOf(rotary))
    return replaced(matching, attention, table === undefined ? undefined : rotary, {
      lengths,
      table,
      use: useOf(attention),
      fresh,
    })
  })
  const all = joinEdits([
    ...edits,
    lengths.edit,
    reads,
    { addInitializers: [...angles.values()].flatMap(({ tensors }) => tensors) },
  ])
  const withMask =
    layout.inputs.mask === undefined ? [...graph.input, valueInfo(mask, 'int64', ['batch', 'all_tokens'])] : graph.input
  const edited = withoutUnread(graph, editGraph(copyWith(graph, { input: withMask }), all))
  const left = attentions.find(({ softmax }) => edited.node.some(({ output }) => output[0] === softmax.output[0]))
  if (left !== undefined) return `${left.softmax.name || left.softmax.output[0]}: other nodes read what lies between`
  const inside = turned.filter(({ rotary }) => rotary !== undefined && angles.has(keyOf(rotary))).length
  return { model: withDomain(withGraph(model, edited), MICROSOFT, 1), inside }
}

/** Values that hold what a cache held and what is new, with their axis of tokens. */
const joinedBy = (attentions: readonly CachedAttention[]): ReadonlyMap<string, number> =>
  new Map(
    attentions.flatMap(({ keys, values }) =>
      [keys, values].flatMap(({ makers, read, entry }) =>
        [...makers.map(({ output }) => output[0]!), read, entry.present!].map((name) => [name, 2] as const),
      ),
    ),
  )

interface Dependency {
  readonly on: ReadonlyMap<string, unknown>
  /** What is replaced. */
  readonly but: ReadonlyMap<string, unknown>
}

function dependsOn(matching: Matching, name: string, { on, but }: Dependency, seen = new Set<string>()): boolean {
  if (on.has(name)) return true
  if (but.has(name) || seen.has(name)) return false
  seen.add(name)
  const made = matching.producer(name)
  return made !== undefined && readsOf(made).some((one) => dependsOn(matching, one, { on, but }, seen))
}

function rotaryAround(matching: Matching, { query, keys, size }: CachedAttention): Turned['rotary'] {
  const [q, k] = [rotaryOf(matching, query), rotaryOf(matching, keys.added)]
  const same = q !== undefined && k !== undefined && q.cos === k.cos && q.sin === k.sin
  return same && size % ROTARY_MULTIPLE === 0 ? { query: q, key: k } : undefined
}

/** Names a pair of cosines and sines. */
const keyOf = ({ query: { cos, sin } }: NonNullable<Turned['rotary']>): string => JSON.stringify([cos, sin])

/** A table for each pair of cosines and sines; none if one of them is not of positions alone: then all stay as they are. */
async function tablesFor(
  target: RemedyTarget,
  turned: readonly Turned[],
  tools: RemedyTools,
): Promise<ReadonlyMap<string, Angles>> {
  const pairs = new Map(turned.flatMap(({ rotary }) => (rotary === undefined ? [] : [[keyOf(rotary), rotary.query] as const])))
  const sizes = new Map(
    turned.flatMap(({ rotary, attention }) => (rotary === undefined ? [] : [[keyOf(rotary), attention.size] as const])),
  )
  const found = new Map<string, Angles>()
  for (const [key, pair] of pairs) {
    const table = await anglesOf(target, { ...pair, size: sizes.get(key)! }, tools)
    if (table !== undefined) found.set(key, table)
  }
  return found
}

function tableTensors({ positions, half, dtype, cos, sin }: Angles, fresh: (hint: string) => string) {
  const [cosName, sinName] = [fresh('cos_cache'), fresh('sin_cache')]
  const tensor = (name: string, values: Float32Array) =>
    dtype === 'float16'
      ? rawTensor(name, dtype, [positions, half], new Uint8Array(toFloat16Clamped(values).bits.buffer))
      : floatTensor(name, [positions, half], values)
  return { names: [cosName, sinName], tensors: [tensor(cosName, cos), tensor(sinName, sin)] }
}

interface Lengths {
  readonly edit: GraphEdit
  /** int32 [batch]: the place of the last token; int32: all tokens. */
  readonly last: string
  readonly all: string
}

function lengthsOf({ opset }: Matching, mask: string, fresh: (hint: string) => string): Lengths {
  const [sum, before, last, shape, size, all] = [
    'mask_sum',
    'last_place',
    'seqlens_k',
    'mask_shape',
    'mask_length',
    'total_sequence_length',
  ].map(fresh)
  const [one, axis, axes] = [fresh('one'), fresh('second_axis'), fresh('second_axes')]
  const int32 = { to: dataTypeOf('int32') }
  const [whole, given] = [fresh('mask_int64'), mask]
  const add = [
    node({ opType: 'Cast', name: whole }, [given], [whole], { to: dataTypeOf('int64') }),
    opset >= AXES_INPUT
      ? node({ opType: 'ReduceSum', name: sum! }, [whole, axes], [sum!], { keepdims: 0 })
      : node({ opType: 'ReduceSum', name: sum! }, [whole], [sum!], { keepdims: 0, axes: [1] }),
    node({ opType: 'Sub', name: before! }, [sum!, one], [before!]),
    node({ opType: 'Cast', name: last! }, [before!], [last!], int32),
    node({ opType: 'Shape', name: shape! }, [mask], [shape!]),
    node({ opType: 'Gather', name: size! }, [shape!, axis], [size!]),
    node({ opType: 'Cast', name: all! }, [size!], [all!], int32),
  ]
  const addInitializers = [int64Tensor(one, [1], [1]), int64Tensor(axis, [], [1]), int64Tensor(axes, [1], [1])]
  return { edit: { add, addInitializers }, last: last!, all: all! }
}

interface Context {
  readonly lengths: Lengths
  readonly table: { readonly names: readonly string[] } | undefined
  readonly use: MaskUse
  readonly fresh: (hint: string) => string
}

function replaced(
  matching: Matching,
  attention: CachedAttention,
  rotary: Turned['rotary'],
  { lengths, table, use, fresh }: Context,
): GraphEdit {
  const { heads, kvHeads, size, scale, cap, keys, values, last } = attention
  const add: NodeProto[] = []
  const addInitializers = [
    int64Tensor(fresh('heads_joined'), [3], [0, 0, heads * size]),
    int64Tensor(fresh('kv_heads_joined'), [3], [0, 0, kvHeads * size]),
  ]
  const flat = (name: string, count: number): string => {
    const known = joined(matching, name, count * size)
    if (known !== undefined) return known
    const [turned, flattened] = [fresh(`${name}_by_token`), fresh(`${name}_joined`)]
    const shape = addInitializers[count === heads ? 0 : 1]!.name
    add.push(
      node({ opType: 'Transpose', name: turned }, [name], [turned], { perm: [0, 2, 1, 3] }),
      node({ opType: 'Reshape', name: flattened }, [turned, shape], [flattened]),
    )
    return flattened
  }
  const result = last.output[0]!
  const isJoined = joinsHeads(matching, last, heads * size)
  const output = isJoined ? result : fresh(`${result}_attention`)
  const inputs = [
    flat(rotary?.query.x ?? attention.query, heads),
    flat(rotary?.key.x ?? keys.added, kvHeads),
    flat(values.added, kvHeads),
    keys.entry.past,
    values.entry.past,
    lengths.last,
    lengths.all,
    ...(table?.names ?? []),
  ]
  if (use.bias !== null) inputs.push(...new Array<string>(BIAS_AT - inputs.length).fill(''), use.bias)
  const attributes = {
    num_heads: heads,
    kv_num_heads: kvHeads,
    scale: { float: scale },
    ...(cap === null ? {} : { softcap: { float: cap } }),
    ...(use.keys === null ? {} : { local_window_size: use.keys }),
    ...(table ? { do_rotary: 1, rotary_interleaved: 0 } : {}),
  }
  const presents = [keys.entry.present!, values.entry.present!]
  const head = { opType: 'GroupQueryAttention', domain: MICROSOFT, name: fresh(`${result}_GroupQueryAttention`) }
  add.push(node(head, inputs, [output, ...presents], attributes))
  if (!isJoined) add.push(copyWith(last, { input: [output, ...last.input.slice(1)] }))
  const names = ({ makers, entry }: FoundCache) =>
    makers.flatMap(({ output: [made] }) => (made === entry.present ? [] : [[made!, entry.present!] as const]))
  const read = new Map([keys, values].flatMap(names))
  return { remove: new Set([last, ...keys.makers, ...values.makers]), add, addInitializers, read }
}

/** The Reshape gives [batch, tokens, width], by its shape or by what it is told. */
function joinsHeads(matching: Matching, { input, output }: NodeProto, width: number): boolean {
  const shape = matching.shape(output[0])
  if (shape !== undefined) return shape.length === 3 && shape[2] === width
  const told = matching.producer(input[1])
  if (!isOperator(told, 'Concat') || told.input.length !== 3) return false
  const [last] = matching.sizes(told.input[2]) ?? []
  return (last === -1 || last === width) && [0, 1].every((axis) => isSizeAt(matching, told.input[axis], axis))
}

/** The size of some value along an axis. */
function isSizeAt(matching: Matching, name: string | undefined, axis: number): boolean {
  const made = matching.producer(name)
  if (made === undefined) return false
  if (isOperator(made, 'Unsqueeze', 'Reshape', 'Cast')) return isSizeAt(matching, made.input[0], axis)
  if (!isOperator(made, 'Gather') || matching.producer(made.input[0])?.opType !== 'Shape') return false
  return matching.scalar(made.input[1]) === axis
}

/** [batch, tokens, heads * size] from which Reshape and Transpose made the value; undefined if it was not made so. */
function joined(matching: Matching, name: string, width: number): string | undefined {
  const turn = matching.producer(name)
  const split = isTranspose(turn, '0,2,1,3') ? matching.producer(turn.input[0]) : undefined
  const source = isOperator(split, 'Reshape') ? split.input[0] : undefined
  const shape = matching.shape(source)
  return shape?.length === 3 && shape[2] === width ? source : undefined
}

/** The graph less inputs that were read before and no longer are. */
function withoutUnread(before: GraphProto, after: GraphProto): GraphProto {
  const namesIn = ({ node: nodes, output }: GraphProto) => new Set([...nodes.flatMap(readsOf), ...output.map(({ name }) => name)])
  const [was, is] = [namesIn(before), namesIn(after)]
  return copyWith(after, { input: after.input.filter(({ name }) => is.has(name) || !was.has(name)) })
}
