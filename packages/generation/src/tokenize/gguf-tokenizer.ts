// The vocabulary in a GGUF file's metadata as tokenizer.json holds one: byte-level BPE with its merges ('gpt2'), SentencePiece's BPE with scores
// ('llama') or merges ('gemma4'), and its unigram model ('t5'). Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#tokenizer
import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, type JsonObject, jsonValue } from '@whyslow/graph/json.ts'
import type { Gguf, GgufValue } from '../recognize/gguf.ts'
import { LINES, preTokenizer } from './pre-tokenizers.ts'
import { type TokenIndex, tokenIndex } from './token-index.ts'

export interface TokenizerJson {
  readonly json: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
}

const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const USER_DEFINED = 4

interface Vocabulary {
  readonly tokens: readonly string[]
  readonly types: readonly number[]
  readonly scores: readonly number[]
  readonly metadata: Gguf['metadata']
  readonly file: string
}

/** null: the file holds no vocabulary. Throws InputError, one line, if it holds one that nobody knows how to read. */
export function tokenizerOfGguf({ metadata }: Gguf, file: string): TokenizerJson | null {
  const whole = metadata.get('tokenizer.huggingface.json')
  if (typeof whole === 'string') return { json: parsed(whole, file), config: {} }
  const model = metadata.get('tokenizer.ggml.model')
  const tokens = stringsOf(metadata.get('tokenizer.ggml.tokens'))
  if (typeof model !== 'string' || tokens === null) return null
  const vocabulary: Vocabulary = {
    tokens,
    types: numbersOf(metadata.get('tokenizer.ggml.token_type')),
    scores: numbersOf(metadata.get('tokenizer.ggml.scores')),
    metadata,
    file,
  }
  const json = bodyOf(model, vocabulary)
  return { json: { version: '1.0', truncation: null, padding: null, added_tokens: addedTokens(vocabulary), ...json }, config: {} }
}

function bodyOf(model: string, vocabulary: Vocabulary): Record<string, unknown> {
  switch (model) {
    case 'gpt2':
      return byteLevel(vocabulary)
    case 'llama':
      return pieces(vocabulary, bpeOfPieces(vocabulary, mergesByScore(vocabulary)))
    case 'gemma4':
      return { ...pieces(vocabulary, bpeOfPieces(vocabulary, mergesOf(vocabulary))), pre_tokenizer: LINES }
    case 't5':
      return pieces(vocabulary, unigram(vocabulary))
    default:
      throw new InputError(
        `${vocabulary.file} has a tokenizer of kind '${model}', which is not read; put the model's tokenizer.json next to it`,
      )
  }
}

function parsed(text: string, file: string): JsonObject {
  const value = jsonValue(text)
  if (isObject(value)) return value
  throw new InputError(`${file} holds a tokenizer.json that is not valid JSON; put the model's own next to it`)
}

function addedTokens({ tokens, types }: Vocabulary): unknown[] {
  return tokens.flatMap((content, id) => {
    const type = types[id] ?? NORMAL
    if (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN) return []
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    return [{ id, content, ...flags, special: type !== USER_DEFINED }]
  })
}

const idsOf = ({ tokens }: Vocabulary): Record<string, number> => {
  const ids: Record<string, number> = Object.create(null)
  for (const [id, token] of tokens.entries()) ids[token] ??= id
  return ids
}

function mergesOf({ metadata, file }: Vocabulary): readonly string[] {
  const merges = stringsOf(metadata.get('tokenizer.ggml.merges'))
  if (merges === null) throw new InputError(`${file} has a BPE vocabulary without merges; convert the model again`)
  return merges
}

/** GPT-2's letters for bytes. */
function byteLevel(vocabulary: Vocabulary): Record<string, unknown> {
  const { metadata, file } = vocabulary
  const given = metadata.get('tokenizer.ggml.pre')
  const name = typeof given === 'string' ? given : 'default'
  const pre = preTokenizer(name === 'default' ? 'gpt-2' : name)
  if (pre === undefined)
    throw new InputError(
      `${file} cuts its text by the rule '${name}', which is not known; put the model's tokenizer.json next to it`,
    )
  const model = {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: name.startsWith('llama') || name === 'tekken',
    vocab: idsOf(vocabulary),
    merges: mergesOf(vocabulary),
  }
  return { normalizer: null, pre_tokenizer: pre, post_processor: null, decoder: { type: 'ByteLevel' }, model }
}

/** A space is ▁, bytes of unknown characters are <0x41>. */
function pieces(vocabulary: Vocabulary, model: Record<string, unknown>): Record<string, unknown> {
  const prefix = vocabulary.metadata.get('tokenizer.ggml.add_space_prefix') !== false
  const space = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  return {
    normalizer: { type: 'Sequence', normalizers: prefix ? [{ type: 'Prepend', prepend: '▁' }, space] : [space] },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model,
  }
}

const unknownId = ({ metadata }: Vocabulary): number => {
  const id = metadata.get('tokenizer.ggml.unknown_token_id')
  return typeof id === 'number' ? id : 0
}

/** Longer pieces are no words. */
const MOST_LETTERS = 256

/**
 * SentencePiece joins the pair whose piece has the best score. As merges in that order: each piece, as every pair of pieces that it is made of
 * (transformers, convert_slow_tokenizer.py, generate_merges).
 */
function mergesByScore({ tokens, types, scores }: Vocabulary): readonly (readonly [string, string])[] {
  const index = tokenIndex(tokens)
  const scoreOf = (id: number): number => scores[id] ?? -id
  const ids = Uint32Array.from(tokens.keys()).filter(
    (id) => (types[id] ?? NORMAL) === NORMAL && tokens[id]!.length <= MOST_LETTERS,
  )
  ids.sort((a, b) => scoreOf(b) - scoreOf(a))
  const merges: (readonly [string, string])[] = []
  let alike: Pair[] = []
  for (const [at, id] of ids.entries()) {
    alike.push(...pairsOf(tokens[id]!, index))
    const next = ids[at + 1]
    if (next !== undefined && scoreOf(next) === scoreOf(id)) continue
    if (alike.length > 1) alike.sort((a, b) => a.left - b.left || a.right - b.right)
    for (const { left, right } of alike) merges.push([tokens[left]!, tokens[right]!])
    alike = []
  }
  return merges
}

/** Ids of two tokens that are a third together. */
interface Pair {
  readonly left: number
  readonly right: number
}

function pairsOf(token: string, index: TokenIndex): readonly Pair[] {
  const { before, after } = index.cuts(token)
  const pairs: Pair[] = []
  for (let at = 1; at < token.length; at++)
    if (before[at]! >= 0 && after[at]! >= 0 && !isWithinLetter(token, at)) pairs.push({ left: before[at]!, right: after[at]! })
  return pairs
}

/** A letter beyond 16 bits is two units. */
const isWithinLetter = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00

/** Over letters, with a space as ▁ and bytes of what is in no piece. */
function bpeOfPieces(vocabulary: Vocabulary, merges: readonly unknown[]): Record<string, unknown> {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: vocabulary.tokens[unknownId(vocabulary)] ?? null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: true,
    ignore_merges: false,
    vocab: idsOf(vocabulary),
    merges,
  }
}

function unigram(vocabulary: Vocabulary): Record<string, unknown> {
  const { tokens, scores } = vocabulary
  return {
    type: 'Unigram',
    unk_id: unknownId(vocabulary),
    vocab: tokens.map((token, id) => [token, scores[id] ?? 0]),
    byte_fallback: tokens.includes('<0x00>'),
  }
}

const stringsOf = (value: GgufValue | undefined): string[] | null =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? (value as string[]) : null

const numbersOf = (value: GgufValue | undefined): number[] =>
  Array.isArray(value) ? value.map((one) => (typeof one === 'number' ? one : 0)) : []
