// Keys and values in 8 bits, as GroupQueryAttention holds them on the CPU: a quarter of the bytes that a token reads of a long text. A scale for each
// channel of each head, taken from what the cache held on texts such as the user's.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention (k_quant_type, kv_cache_bit_width)
import { attribute, floatTensor, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, freshNames, type GraphEdit, joinEdits, withGraph } from '@whyslow/graph/edit.ts'
import { attributeOf, isOperator } from '@whyslow/graph/rewrite/match.ts'
import type { GraphProto, NodeProto, ValueInfoProto } from 'onnx-buf'
import { partMaking, stepFeeds } from './attention/evaluate-part.ts'
import { defineGeneratorRemedy, type RemedyTarget, type RemedyTools } from './kit/remedy.ts'

/** Places among the inputs. */
const [PAST_KEY, PAST_VALUE, KEY_SCALE, VALUE_SCALE] = [3, 4, 12, 13]
const LARGEST = 127

export const int8Cache = defineGeneratorRemedy({
  id: 'int8-cache',
  title: 'Keys and values held in 8 bits',
  description:
    'GroupQueryAttention holds the cache in 8 bits with a scale for each channel, so that a token reads a quarter of the bytes at any depth.',
  lossless: false,
  variants: [''],
  applies: (target) => {
    const found = find(target)
    return typeof found === 'string' ? found : true
  },
  async rewrite(target, _, tools) {
    const found = find(target)
    if (typeof found === 'string') return found
    const ranges = await rangesOf(target, found, tools)
    if (typeof ranges === 'string') return ranges
    const graph = target.model.proto.graph!
    const fresh = freshNames(graph)
    const caches = new Set(found.flatMap(({ input, output }) => [input[PAST_KEY]!, input[PAST_VALUE]!, output[1]!, output[2]!]))
    const edited = editGraph(graph, joinEdits(found.map((one) => inInt8(one, ranges, fresh))))
    return {
      model: withGraph(target.model, withInt8(edited, caches)),
      changes: [`the caches of ${found.length} attentions in 8 bits`],
    }
  },
})

function find({ model, layout, hasFirst = false }: RemedyTarget): readonly NodeProto[] | string {
  if (hasFirst) return 'another graph makes the first call, and gives its cache in floats'
  const attentions = model.proto.graph!.node.filter((one) => isOperator(one, 'com.microsoft:GroupQueryAttention'))
  if (attentions.length === 0)
    return 'it has no GroupQueryAttention, which alone holds a cache in 8 bits: fuse its attention first'
  const floats = new Map(layout.cache.filter(({ dtype }) => dtype === 'float32').map((entry) => [entry.past, entry.present]))
  const fits = ({ input, output }: NodeProto) =>
    floats.get(input[PAST_KEY]!) === output[1] && floats.get(input[PAST_VALUE]!) === output[2]
  return attentions.every(fits) ? attentions : 'its caches are not the float32 inputs and outputs of its attention'
}

/** The largest size of each channel [heads * size], by the name of the output that gives the cache. */
async function rangesOf(
  { model, layout }: RemedyTarget,
  attentions: readonly NodeProto[],
  { evaluate, prompts = [] }: RemedyTools,
): Promise<ReadonlyMap<string, { readonly heads: number; readonly sizes: Float32Array }> | string> {
  if (prompts.length === 0) return 'the range of its caches is not known: give texts to measure it by'
  const names = attentions.flatMap(({ output }) => [output[1]!, output[2]!])
  const part = partMaking(model, names)
  const results = await evaluate(
    part,
    prompts.map((ids) => stepFeeds(part, layout, { past: 0, fresh: ids.length, ids })),
  )
  const ranges = new Map<string, { heads: number; sizes: Float32Array }>()
  for (const name of names) {
    for (const { [name]: held } of results) {
      const [, heads, tokens, size] = held!.shape as [number, number, number, number]
      const range = ranges.get(name) ?? { heads, sizes: new Float32Array(heads * size) }
      const values = held!.data as Float32Array
      for (let at = 0; at < values.length; at++) {
        const channel = Math.floor(at / (tokens * size)) * size + (at % size)
        range.sizes[channel] = Math.max(range.sizes[channel]!, Math.abs(values[at]!))
      }
      ranges.set(name, range)
    }
  }
  return ranges
}

function inInt8(
  one: NodeProto,
  ranges: ReadonlyMap<string, { readonly heads: number; readonly sizes: Float32Array }>,
  fresh: (hint: string) => string,
): GraphEdit {
  const scales = [1, 2].map((at) => {
    const { heads, sizes } = ranges.get(one.output[at]!)!
    // A channel that held nothing may hold something later: as much as the least of the others is as good a guess as any.
    const least = sizes.reduce((all, size) => (size > 0 ? Math.min(all, size) : all), Number.POSITIVE_INFINITY)
    const scale = sizes.map((size) => (size > 0 ? size : Number.isFinite(least) ? least : 1) / LARGEST)
    return floatTensor(fresh(`${one.output[at]}_scale`), [heads, 1, sizes.length / heads], scale)
  })
  const input = Array.from({ length: VALUE_SCALE + 1 }, (_, at) => one.input[at] ?? '')
  input[KEY_SCALE] = scales[0]!.name
  input[VALUE_SCALE] = scales[1]!.name
  const kept = one.attribute.filter(
    ({ name }) => attributeOf(one, name) !== undefined && !/quant_type|kv_cache_bit_width/.test(name),
  )
  const quantized = [
    attribute('k_quant_type', 'PER_CHANNEL'),
    attribute('v_quant_type', 'PER_CHANNEL'),
    attribute('kv_cache_bit_width', 8),
  ]
  return { remove: new Set([one]), add: [copyWith(one, { input, attribute: [...kept, ...quantized] })], addInitializers: scales }
}

function withInt8(graph: GraphProto, caches: ReadonlySet<string>): GraphProto {
  const change = (info: ValueInfoProto): ValueInfoProto => {
    const value = info.type?.value
    if (!caches.has(info.name) || value?.case !== 'tensorType') return info
    return copyWith(valueInfo(info.name, 'int8'), {
      type: copyWith(info.type!, { value: { case: 'tensorType', value: copyWith(value.value, { elemType: 3 }) } }),
    })
  }
  return copyWith(graph, {
    input: graph.input.map(change),
    output: graph.output.map(change),
    valueInfo: graph.valueInfo.map(change),
  })
}
