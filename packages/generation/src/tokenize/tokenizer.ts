// Text to ids and back, by tokenizer.json: https://github.com/huggingface/tokenizers.js, what transformers.js tokenizes with.

import path from 'node:path'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { JsonObject } from '@whyslow/graph/json.ts'
import { openGguf } from '../recognize/gguf-file.ts'
import { readJson } from '../recognize/json.ts'
import { tokenizerOfGguf } from './gguf-tokenizer.ts'
import { withoutMerges } from './merges.ts'
import { withKnownNormalizers } from './normalizers.ts'
import { type TextStream, textStream } from './text-stream.ts'

export interface Tokenizer {
  /** The file it was read from. */
  readonly file: string
  /** One more than the largest id. */
  readonly size: number
  /** The same without tokens that were added to the vocabulary, which a model need not have. */
  readonly baseSize: number
  /** Ids without special tokens being added; special tokens that the text names are themselves. */
  encode(text: string): number[]
  /** Ids with the special tokens that an encoder's text has around it. */
  encodeWhole(text: string): number[]
  /** Special tokens are left out. */
  decode(ids: readonly number[]): string
  stream(): TextStream
  /** null: there is no such token. */
  idOf(token: string): number | null
}

export interface TokenizerFiles {
  /** tokenizer.json, or a GGUF file. */
  readonly tokenizer: string
  readonly tokenizerConfig: string | null
}

/** Throws InputError, one line, if the file is missing or nobody knows how to tokenize with it. */
export async function openTokenizer({ tokenizer: file, tokenizerConfig }: TokenizerFiles): Promise<Tokenizer> {
  if (!file.endsWith('.json')) {
    const beside = readJson(path.join(path.dirname(file), 'tokenizer.json'))
    if (beside !== null) return tokenizerOf(beside, {}, file)
    const found = tokenizerOfGguf(openGguf(file), file)
    if (found === null) throw new InputError(`${file} holds no tokenizer; put the model's tokenizer.json next to it`)
    return tokenizerOf(found.json, found.config, file)
  }
  const json = readJson(file)
  if (json === null) throw new InputError(`${file} does not exist; put the model's tokenizer.json there`)
  return tokenizerOf(json, (tokenizerConfig === null ? null : readJson(tokenizerConfig)) ?? {}, file)
}

export async function tokenizerOf(given: JsonObject, config: JsonObject, file: string): Promise<Tokenizer> {
  const json = withKnownNormalizers(given)
  const { Tokenizer: Library } = await import('@huggingface/tokenizers')
  let made: InstanceType<typeof Library>
  try {
    const lean = withoutMerges(json)
    made = new Library(lean?.json ?? json, config)
    if (lean?.giveTo(made) === false) made = new Library(json, config)
  } catch (error) {
    throw new InputError(
      `${file} is not a tokenizer that is understood (${firstLineOf(error)}); take the one that belongs to the model, or put it away to measure with token ids`,
    )
  }
  // If the package leaves special tokens out, it also trims the space after words that end in a mark of their own.
  const trims = Boolean((json.model as JsonObject).end_of_word_suffix)
  // It looks each token up in a list of all special tokens, which may be thousands.
  const special = new Set(specialIds(json, config, (token) => made.token_to_id(token)))
  const decode = (ids: readonly number[]): string => {
    const shown = ids.filter((id) => !special.has(id))
    return shown.length === 0 ? '' : made.decode(shown, { skip_special_tokens: trims, clean_up_tokenization_spaces: false })
  }
  return {
    file,
    ...sizesOf(json, made),
    encode: (text) => [...made.encode(text, { add_special_tokens: false }).ids],
    encodeWhole: (text) => [...made.encode(text, { add_special_tokens: true }).ids],
    decode,
    stream: () => textStream(decode),
    idOf: (token) => made.token_to_id(token) ?? null,
  }
}

function specialIds(
  { added_tokens: added }: JsonObject,
  config: JsonObject,
  idOf: (token: string) => number | undefined,
): readonly number[] {
  const all = Array.isArray(added) ? (added as readonly { readonly id: number; readonly special?: boolean }[]) : []
  const named = Array.isArray(config.additional_special_tokens) ? config.additional_special_tokens : []
  return [
    ...all.flatMap(({ id, special }) => (special === true ? [id] : [])),
    ...named.flatMap((token) => (typeof token === 'string' ? (idOf(token) ?? []) : [])),
  ]
}

function sizesOf(
  { model, added_tokens: added }: JsonObject,
  made: { readonly model: unknown },
): Pick<Tokenizer, 'size' | 'baseSize'> {
  const extra = new Set(Array.isArray(added) ? added.map((token: { readonly id?: unknown }) => token?.id) : [])
  let [size, baseSize] = [0, 0]
  const count = (id: unknown): void => {
    if (typeof id !== 'number') return
    size = Math.max(size, id + 1)
    if (!extra.has(id)) baseSize = Math.max(baseSize, id + 1)
  }
  for (const id of idsIn(model, made)) count(id)
  for (const id of extra) count(id)
  return { size, baseSize }
}

/** The values of an object of 256,000 keys take much longer than those of the map that the package made of it. */
function idsIn(model: unknown, made: { readonly model: unknown }): Iterable<unknown> {
  const { tokens_to_ids: ids } = (made.model ?? {}) as { readonly tokens_to_ids?: unknown }
  if (ids instanceof Map) return ids.values()
  const { vocab = {} } = (model ?? {}) as { readonly vocab?: unknown }
  return Array.isArray(vocab) ? vocab.keys() : Object.values(vocab as Record<string, unknown>)
}

/** Models pad their vocabulary to whole blocks, but not to twice the size. */
const LEAST_SHARE = 0.5

/** Throws InputError, one line, if the ids of one are not those of the other. Added tokens may be more than the model has. */
export function checkVocabulary(
  { file, size, baseSize }: Pick<Tokenizer, 'file' | 'size' | 'baseSize'>,
  vocabulary: number | null,
  model: string,
): void {
  if (vocabulary === null || (baseSize <= vocabulary && size >= LEAST_SHARE * vocabulary)) return
  throw new InputError(
    `${file} has ${baseSize > vocabulary ? baseSize : size} tokens, but ${model} has logits for ${vocabulary}; take the tokenizer.json that belongs to the model`,
  )
}
