// Text to ids and back, by tokenizer.json: https://github.com/huggingface/tokenizers.js, what transformers.js tokenizes with.
import path from 'node:path'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { openGguf } from '../recognize/gguf-file.ts'
import { readJson } from '../recognize/json.ts'
import { tokenizerOfGguf } from './gguf-tokenizer.ts'
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

type Json = Readonly<Record<string, unknown>>

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

export async function tokenizerOf(json: Json, config: Json, file: string): Promise<Tokenizer> {
  const { Tokenizer: Library } = await import('@huggingface/tokenizers')
  let made: InstanceType<typeof Library>
  try {
    made = new Library(json, config)
  } catch (error) {
    throw new InputError(
      `${file} is not a tokenizer that is understood (${firstLineOf(error)}); take the one that belongs to the model`,
    )
  }
  const decode = (ids: readonly number[]): string =>
    ids.length === 0 ? '' : made.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false })
  return {
    file,
    ...sizesOf(json),
    encode: (text) => [...made.encode(text, { add_special_tokens: false }).ids],
    encodeWhole: (text) => [...made.encode(text, { add_special_tokens: true }).ids],
    decode,
    stream: () => textStream(decode),
    idOf: (token) => made.token_to_id(token) ?? null,
  }
}

function sizesOf({ model, added_tokens: added }: Json): Pick<Tokenizer, 'size' | 'baseSize'> {
  const { vocab = {} } = (model ?? {}) as { readonly vocab?: unknown }
  const ids = Array.isArray(vocab) ? vocab.map((_, id) => id) : Object.values(vocab as Record<string, unknown>)
  const extra = Array.isArray(added) ? added.map((token: { readonly id?: unknown }) => token?.id) : []
  const isExtra = new Set(extra)
  return {
    size: Math.max(largest(ids), largest(extra)) + 1,
    baseSize: largest(ids.filter((id) => !isExtra.has(id))) + 1,
  }
}

const largest = (ids: readonly unknown[]): number =>
  ids.reduce<number>((most, id) => (typeof id === 'number' && id > most ? id : most), -1)

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
