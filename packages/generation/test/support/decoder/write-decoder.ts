// Decoders as exporters write them to ONNX, from weights drawn from a seed: optimum's unfused graphs with past_key_values, its merged ones with
// use_cache_branch, GPT-2's stacked cache, onnxruntime-genai's GroupQueryAttention, and one without a cache.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, graph, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { EXTERNALIZED_FROM_BYTES } from '@whyslow/graph/externalize-weights.ts'
import { externalReference } from '@whyslow/graph/tensor-data.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { ModelProto, ValueInfoProto } from 'onnx-buf'
import { writeBlock, writeEmbedding, writeEncoder, writeEncoderKeys, writeHead } from './blocks.ts'
import { type Pen, penFor, type WeightType } from './pen.ts'
import type { DecoderWeights } from './weights.ts'

export interface DecoderForm {
  /** Default 'unfused'. 'fused': GroupQueryAttention, of the family llama. */
  readonly attention?: 'unfused' | 'fused'
  /**
   * Default 'pairs': past_key_values.N.key -> present.N.key. 'stacked': past_N -> present_N of [2, batch, heads, length, size]. 'merged': pairs,
   * and an If by use_cache_branch. 'none': all ids are fed each time. 'fixed': pairs in buffers of the whole context, of fused attention. 'first' and
   * 'later': optimum's decoder_model.onnx, which gives a cache and is fed none, and decoder_with_past_model.onnx, which is fed the encoder's keys and
   * gives back its own alone. 'open': pairs whose heads and sizes are names, as onnxruntime-genai's builder writes 'kv_cache_dim'.
   */
  readonly cache?: 'pairs' | 'stacked' | 'merged' | 'none' | 'fixed' | 'first' | 'later' | 'open'
  /** Default 'float32'. float16: the graph computes in it. */
  readonly weights?: WeightType
  /** Of the head; default: the type of the others. */
  readonly head?: WeightType
  /** MatMulNBits' accuracy_level; default null: none is written. */
  readonly accuracyLevel?: number | null
  /** Default 32. */
  readonly block?: number
  /** Default 'all'. 'chosen': an input num_logits_to_keep. */
  readonly logits?: 'all' | 'last' | 'chosen'
  /** Default 'inside'. 'apart': it is fed inputs_embeds, which another graph makes of ids, as in models that take images too. */
  readonly embeddings?: 'inside' | 'apart'
}

export type Form = Required<DecoderForm>

const DEFAULT_FORM: Form = {
  attention: 'unfused',
  cache: 'pairs',
  weights: 'float32',
  head: 'float32',
  accuracyLevel: null,
  block: 32,
  logits: 'all',
  embeddings: 'inside',
}

export function decoderModel(weights: DecoderWeights, given: DecoderForm = {}): ModelProto {
  const form: Form = { ...DEFAULT_FORM, ...given, head: given.head ?? given.weights ?? 'float32' }
  const pen = penFor(form)
  const cache = cacheNames(weights, form)
  if (form.cache === 'merged') writeMerged(pen, { weights, form, cache })
  else writeBody(pen, { weights, form, cache: form.cache === 'none' || form.cache === 'first' ? null : cache })
  return model({
    nodes: pen.nodes,
    initializers: [...pen.initializers.values()],
    inputs: inputsOf(weights, form, cache),
    outputs: outputsOf(weights, form, cache),
    opset: 17,
    opsets: { 'com.microsoft': 1 },
  })
}

/** Protobuf holds 2 GB; beyond this, weights are in a file next to the model. */
const INLINE_LIMIT_BYTES = 2 ** 30

export function writeDecoder(file: string, weights: DecoderWeights, form: DecoderForm = {}): string {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const proto = decoderModel(weights, form)
  const bytes = proto.graph!.initializer.reduce((sum, { rawData }) => sum + rawData.byteLength, 0)
  fs.writeFileSync(file, writeModel(bytes > INLINE_LIMIT_BYTES ? withWeightsApart(proto, `${file}_data`) : proto))
  return file
}

function withWeightsApart(proto: ModelProto, file: string): ModelProto {
  const descriptor = fs.openSync(file, 'w')
  let offset = 0
  const initializer = proto.graph!.initializer.map((tensor) => {
    const length = tensor.rawData.byteLength
    if (length < EXTERNALIZED_FROM_BYTES) return tensor
    fs.writeSync(descriptor, tensor.rawData)
    offset += length
    return externalReference(tensor, { location: path.basename(file), offset: offset - length, length })
  })
  fs.closeSync(descriptor)
  return copyWith(proto, { graph: copyWith(proto.graph!, { initializer }) })
}

/** The encoder that such a decoder reads: rows of the embedding, normed. `givesKeys`: it computes keys and values of the decoder's layers itself. */
export function encoderModel(weights: DecoderWeights, { givesKeys = false } = {}): ModelProto {
  const pen = penFor(DEFAULT_FORM)
  writeEncoder(pen, weights, DEFAULT_FORM)
  const keys = givesKeys ? writeEncoderKeys(pen, weights) : []
  return model({
    nodes: pen.nodes,
    initializers: [...pen.initializers.values()],
    inputs: ['input_ids', 'attention_mask'].map((name) => valueInfo(name, 'int64', ['batch_size', 'encoder_sequence_length'])),
    outputs: [
      valueInfo('last_hidden_state', 'float32', ['batch_size', 'encoder_sequence_length', weights.shape.width]),
      ...cacheInfos(weights, DEFAULT_FORM, keys),
    ],
  })
}

/** What makes inputs_embeds of ids. */
export function embeddingModel({ shape, embedding }: DecoderWeights): ModelProto {
  const { vocabulary, width } = shape
  return model({
    nodes: [node('Gather', ['embed_tokens.weight', 'input_ids'], ['inputs_embeds'])],
    initializers: [floatTensor('embed_tokens.weight', [vocabulary, width], embedding)],
    inputs: [valueInfo('input_ids', 'int64', ['batch_size', 'sequence_length'])],
    outputs: [valueInfo('inputs_embeds', 'float32', ['batch_size', 'sequence_length', width])],
  })
}

/** Past and present of each layer: key and value, or both in one. */
export type CacheNames = readonly { readonly past: readonly string[]; readonly present: readonly string[] }[]

function cacheNames({ shape, cross }: DecoderWeights, { cache }: Form): CacheNames {
  const kinds = cross === null ? OWN : BOTH
  return Array.from({ length: shape.layers }, (_, layer) =>
    cache === 'stacked'
      ? { past: [`past_${layer}`], present: [`present_${layer}`] }
      : {
          past: kinds.map((kind) => `past_key_values.${layer}.${kind}`),
          present: (cache === 'later' ? kinds.filter((kind) => !kind.startsWith('encoder')) : kinds).map(
            (kind) => `present.${layer}.${kind}`,
          ),
        },
  )
}

/** Those of an encoder's states are told apart, as optimum does. */
const OWN = ['key', 'value']
const BOTH = ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value']

export interface Body {
  readonly weights: DecoderWeights
  readonly form: Form
  /** null: nothing was fed before. */
  readonly cache: CacheNames | null
  /** Names of what is given; default: those of the model's outputs. */
  readonly outputs?: { readonly logits: string; readonly cache: CacheNames }
}

function writeBody(pen: Pen, body: Body): void {
  const { weights, form, cache, outputs = { logits: 'logits', cache: cacheNames(weights, form) } } = body
  const frame = writeEmbedding(pen, body)
  let x = frame.embedded
  for (let layer = 0; layer < weights.shape.layers; layer++) {
    const present = form.cache === 'none' ? null : outputs.cache[layer]!.present
    x = writeBlock(pen, { ...frame, weights, form, layer, past: cache === null ? null : cache[layer]!.past, present }, x)
  }
  writeHead(pen, body, { x, logits: outputs.logits })
}

/** Weights are the outer graph's; each branch has its own nodes. */
function writeMerged(pen: Pen, { weights, form, cache }: Body & { readonly cache: CacheNames }): void {
  const branch = (withCache: boolean) => {
    const inner = pen.branch()
    const suffix = withCache ? '_cached' : '_first'
    const outputs = {
      logits: `logits${suffix}`,
      cache: cache.map(({ past, present }) => ({ past, present: present.map((name) => `${name}${suffix}`) })),
    }
    writeBody(inner, { weights, form, cache: withCache ? cache : null, outputs })
    const given = [outputs.logits, ...outputs.cache.flatMap(({ present }) => present)]
    return graph({ name: `branch${suffix}`, nodes: inner.nodes, outputs: given.map((name) => valueInfo(name, 'float32')) })
  }
  const outputs = ['logits', ...cache.flatMap(({ present }) => present)]
  pen.nodes.push(
    node({ opType: 'If', name: 'optimum::if' }, ['use_cache_branch'], outputs, {
      then_branch: branch(true),
      else_branch: branch(false),
    }),
  )
}

function cacheShape({ shape }: DecoderWeights, { cache }: Form, length: Dimension): Dimension[] {
  const { width, heads, kvHeads, context } = shape
  if (cache === 'open') return ['batch_size', 'kv_heads', length, 'kv_cache_dim']
  const pair = ['batch_size', kvHeads, cache === 'fixed' ? context : length, width / heads]
  return cache === 'stacked' ? [2, ...pair] : pair
}

/** Of past or present; an encoder's keys are as long as what it read. */
function cacheInfos(weights: DecoderWeights, form: Form, names: readonly string[]): ValueInfoProto[] {
  if (form.cache === 'none') return []
  const dtype = form.weights === 'float16' ? 'float16' : 'float32'
  return names.map((name) => {
    const own = name.startsWith('past') ? 'past_sequence_length' : 'total_sequence_length'
    return valueInfo(name, dtype, cacheShape(weights, form, name.includes('.encoder.') ? 'encoder_sequence_length_out' : own))
  })
}

function inputsOf(weights: DecoderWeights, form: Form, cache: CacheNames): ValueInfoProto[] {
  return [
    form.embeddings === 'inside'
      ? valueInfo('input_ids', 'int64', ['batch_size', 'sequence_length'])
      : valueInfo('inputs_embeds', 'float32', ['batch_size', 'sequence_length', weights.shape.width]),
    valueInfo('attention_mask', 'int64', ['batch_size', 'total_sequence_length']),
    ...(form.attention === 'fused' ? [] : [valueInfo('position_ids', 'int64', ['batch_size', 'sequence_length'])]),
    ...cacheInfos(weights, form, form.cache === 'first' ? [] : cache.flatMap(({ past }) => past)),
    ...(weights.cross === null || form.cache === 'later'
      ? []
      : [
          valueInfo('encoder_hidden_states', 'float32', ['batch_size', 'encoder_sequence_length', weights.shape.width]),
          valueInfo('encoder_attention_mask', 'int64', ['batch_size', 'encoder_sequence_length']),
        ]),
    ...(form.cache === 'merged' ? [valueInfo('use_cache_branch', 'bool', [1])] : []),
    ...(form.logits === 'chosen' ? [valueInfo('num_logits_to_keep', 'int64', [])] : []),
  ]
}

function outputsOf(weights: DecoderWeights, form: Form, cache: CacheNames): ValueInfoProto[] {
  const positions = { all: 'sequence_length', last: 1, chosen: 'num_logits' }[form.logits]
  return [
    valueInfo('logits', 'float32', ['batch_size', positions, weights.shape.vocabulary]),
    ...cacheInfos(
      weights,
      form,
      cache.flatMap(({ present }) => present),
    ),
  ]
}
