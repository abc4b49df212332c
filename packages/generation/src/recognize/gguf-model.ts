// What a GGUF file's metadata and tensors say of the model in it. Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

import type { Gguf, GgufTensor, GgufValue } from './gguf.ts'
import { KNOWN_ARCHITECTURES, WITHOUT_TEXT } from './gguf-architectures.ts'
import type { ModelNumbers } from './numbers.ts'

export interface GgufModel {
  readonly name: string | null
  readonly numbers: ModelNumbers
  /** Why it generates nothing, or may not be understood, in one line; null: all is known. */
  readonly problem: string | null
  readonly endIds: readonly number[]
}

/** null: the file holds no model that generates text, as of an encoder, a projector or an adapter. */
export function ggufModel({ metadata, tensors }: Gguf): GgufModel | null {
  const architecture = textOf(metadata.get('general.architecture'))
  const blocks = tensors.some(({ name }) => name.startsWith('blk.'))
  if (architecture === null || !blocks || WITHOUT_TEXT.has(architecture)) return null
  if (metadata.get('general.type') === 'adapter' || metadata.get(`${architecture}.attention.causal`) === false) return null
  const known = KNOWN_ARCHITECTURES.has(architecture)
  const problem = known
    ? null
    : `the GGUF architecture '${architecture}' is not known here, so its numbers may be wrong; update whyslow, or measure it through llama-server's address`
  const end = ['eos', 'eot', 'eom'].map((name) => metadata.get(`tokenizer.ggml.${name}_token_id`))
  return {
    name: textOf(metadata.get('general.name')),
    numbers: numbersOf(architecture, metadata, tensors),
    problem,
    endIds: [...new Set(end.filter((id): id is number => typeof id === 'number'))],
  }
}

/** Bytes of a cached element if nothing is chosen: llama.cpp keeps the cache in float16. */
const CACHE_BYTES = 2

function numbersOf(architecture: string, metadata: Gguf['metadata'], tensors: readonly GgufTensor[]): ModelNumbers {
  const of = (key: string) => metadata.get(`${architecture}.${key}`)
  const layers = wholeOf(of('block_count'))
  const width = wholeOf(of('embedding_length'))
  const heads = most(of('attention.head_count'))
  const kvHeads = most(of('attention.head_count_kv')) ?? heads
  const headSize = wholeOf(of('attention.key_length')) ?? (width !== null && heads !== null ? width / heads : null)
  const valueSize = wholeOf(of('attention.value_length')) ?? headSize
  const kvAll =
    sumOverLayers(of('attention.head_count_kv'), layers) ?? (layers !== null && kvHeads !== null ? layers * kvHeads : null)
  const embedding = tensors.find(({ name }) => name === 'token_embd.weight')
  const counted = metadata.get('tokenizer.ggml.tokens')
  return {
    architecture,
    layers,
    heads,
    kvHeads,
    headSize,
    vocabulary: embedding?.shape[1] ?? (Array.isArray(counted) ? counted.length : null),
    context: wholeOf(of('context_length')),
    dtype: mostBytes(tensors),
    cacheDtype: 'float16',
    parameters: tensors.reduce((sum, { elements }) => sum + elements, 0),
    bytesPerToken: bytesRead(tensors, { used: wholeOf(of('expert_used_count')), all: wholeOf(of('expert_count')) }),
    cacheBytesPerToken: kvAll === null || headSize === null ? null : kvAll * (headSize + valueSize!) * CACHE_BYTES,
  }
}

interface Experts {
  readonly used: number | null
  readonly all: number | null
}

/** One row of each table of embeddings, unless it is the head as well; the experts that a token is sent to. */
function bytesRead(tensors: readonly GgufTensor[], { used, all }: Experts): number {
  const hasHead = tensors.some(({ name }) => name === 'output.weight')
  const share = used !== null && all !== null && used < all ? used / all : 1
  return tensors.reduce((sum, { name, sizeBytes, shape }) => {
    const isHead = name === 'token_embd.weight' && !hasHead
    if (/token_embd\.weight$/.test(name) && !isHead) return sum + sizeBytes / (shape[1] ?? 1)
    return sum + (/_exps\.weight$/.test(name) ? sizeBytes * share : sizeBytes)
  }, 0)
}

function mostBytes(tensors: readonly GgufTensor[]): string | null {
  const bytes = new Map<string, number>()
  for (const { type, sizeBytes } of tensors) bytes.set(type.name, (bytes.get(type.name) ?? 0) + sizeBytes)
  return [...bytes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

const textOf = (value: GgufValue | undefined): string | null => (typeof value === 'string' ? value : null)
const wholeOf = (value: GgufValue | undefined): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null

/** One number, or the largest of a list with one for each layer. */
function most(value: GgufValue | undefined): number | null {
  if (!Array.isArray(value)) return wholeOf(value)
  return wholeOf(value.reduce<number>((largest, one) => (typeof one === 'number' && one > largest ? one : largest), 0))
}

function sumOverLayers(value: GgufValue | undefined, layers: number | null): number | null {
  if (!Array.isArray(value) || value.length !== layers) return null
  return value.reduce((sum: number, one) => sum + (typeof one === 'number' ? one : 0), 0)
}
