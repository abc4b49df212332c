// What a tokenizer of @huggingface/tokenizers is made of: the `tokenizer.json` that lies there, or a vocabulary in the two ways that such are used,
// longest piece first (BERT's WordPiece) and by merges (byte-pair encoding). https://huggingface.co/docs/tokenizers/components
// Whether it is the user's tokenizer, the ids of their texts say.
import fs from 'node:fs'
import { dirname, join, relative } from 'node:path'

export interface Made {
  /** 'tokenizer.json', 'vocab.txt', 'the table of pieces'. */
  readonly of: string
  readonly json: object
  readonly config: object
  /** Lines that make it, `tokenizer`. */
  readonly code: readonly string[]
}

type Vocabulary = Readonly<Record<string, number>>

/** A smaller table is one of other things. */
const LEAST_PIECES = 20
const UNKNOWN = ['[UNK]', '<unk>', '<UNK>', 'UNK', '<|unk|>']
/** What stands around a text. */
const AROUND = [
  ['[CLS]', '[SEP]'],
  ['<s>', '</s>'],
] as const

/** `folders`: where files are looked for, the likeliest first; `tables`: what the user's code looks pieces up in. */
export function* tokenizersOf(folders: readonly string[], tables: readonly unknown[]): Generator<Made> {
  const files = (name: string) => folders.map((folder) => join(folder, name)).filter((file) => fs.existsSync(file))
  for (const file of files('tokenizer.json')) {
    const config = join(dirname(file), 'tokenizer_config.json')
    const has = fs.existsSync(config)
    const code = `const tokenizer = new Tokenizer(${parsed(file)}, ${has ? parsed(config) : '{}'}) // once`
    yield { of: shownPath(file), json: jsonOf(file), config: has ? jsonOf(config) : {}, code: [code] }
  }
  for (const file of files('vocab.txt')) {
    const text = `readFileSync(${quoted(file)}, 'utf8').trimEnd().split(/\\r?\\n/)`
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split(/\r?\n/)
    yield* ofVocabulary(byNumber(lines), [], {
      of: shownPath(file),
      code: [`const vocab = Object.fromEntries(${text}.map((piece, id) => [piece, id]))`],
    })
  }
  for (const file of files('vocab.json')) {
    const merges = join(dirname(file), 'merges.txt')
    const lines = fs.existsSync(merges) ? fs.readFileSync(merges, 'utf8').trimEnd().split(/\r?\n/) : []
    const read = `readFileSync(${quoted(merges)}, 'utf8').trimEnd().split(/\\r?\\n/).filter((line) => !line.startsWith('#version'))`
    yield* ofVocabulary(
      jsonOf(file) as Vocabulary,
      lines.filter((line) => !line.startsWith('#version')),
      { of: shownPath(file), code: [`const vocab = ${parsed(file)}`, ...(lines.length > 0 ? [`const merges = ${read}`] : [])] },
    )
  }
  for (const table of tables) {
    const vocabulary = vocabularyOf(table)
    const made = table instanceof Map ? 'Object.fromEntries(table)' : Array.isArray(table) ? BY_NUMBER : 'table'
    const code = [`const vocab = ${made} // the table that pieces are looked up in`]
    if (vocabulary !== null) yield* ofVocabulary(vocabulary, [], { of: 'the table of pieces', code })
  }
}

const BY_NUMBER = 'Object.fromEntries(table.map((piece, id) => [piece, id]))'
const shownPath = (file: string): string => relative(process.cwd(), file)
const quoted = (file: string): string => JSON.stringify(shownPath(file))
const parsed = (file: string): string => `JSON.parse(readFileSync(${quoted(file)}, 'utf8'))`
const jsonOf = (file: string): object => JSON.parse(fs.readFileSync(file, 'utf8')) as object
const byNumber = (pieces: readonly string[]): Vocabulary => Object.fromEntries(pieces.map((piece, id) => [piece, id]))

/** null: it is no table of pieces with their ids. */
function vocabularyOf(table: unknown): Vocabulary | null {
  if (typeof table !== 'object' || table === null) return null
  if (Array.isArray(table)) return table.length >= LEAST_PIECES && table.every(isText) ? byNumber(table) : null
  const pairs: [unknown, unknown][] = table instanceof Map ? [...table] : Object.entries(table)
  const isOne = pairs.length >= LEAST_PIECES && pairs.every(([piece, id]) => isText(piece) && Number.isInteger(id))
  return isOne ? (Object.fromEntries(pairs) as Vocabulary) : null
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** Without a piece for what is not known there is none. */
function* ofVocabulary(vocab: Vocabulary, merges: readonly string[], told: Pick<Made, 'of' | 'code'>): Generator<Made> {
  const unknown = UNKNOWN.find((one) => Object.hasOwn(vocab, one))
  const pieces = Object.keys(vocab)
  const isBytes = merges.length > 0 && pieces.some((piece) => piece.startsWith('Ġ'))
  if (unknown === undefined && !isBytes) return
  const model =
    merges.length > 0
      ? { type: 'BPE', merges, ...(unknown === undefined ? {} : { unk_token: unknown }) }
      : {
          type: 'WordPiece',
          unk_token: unknown,
          continuing_subword_prefix: pieces.some((piece) => piece.startsWith('##')) ? '##' : '',
          max_input_chars_per_word: 100,
        }
  const [begin, end] = AROUND.find((names) => names.every((name) => Object.hasOwn(vocab, name))) ?? []
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
  const named = (id: string) => ({ id, ids: [vocab[id]!], tokens: [id] })
  const around =
    begin === undefined || end === undefined
      ? {}
      : {
          post_processor: {
            type: 'TemplateProcessing',
            single: [special(begin), { Sequence: { id: 'A', type_id: 0 } }, special(end)],
            pair: [],
            special_tokens: { [begin]: named(begin), [end]: named(end) },
          },
        }
  for (const rules of isBytes ? [BYTES] : WORDS) {
    const rest = { ...rules, ...around, added_tokens: [], decoder: null }
    const text = JSON.stringify({ ...rest, model: { ...model, ...(merges.length > 0 ? { merges: 0 } : {}), vocab: 0 } })
    const made = text.replace('"merges":0', 'merges').replace('"vocab":0', 'vocab')
    const code = [...told.code, `const tokenizer = new Tokenizer(${made}, {}) // once`]
    yield { of: told.of, json: { ...rest, model: { ...model, vocab } }, config: {}, code }
  }
}

const BYTES = {
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
}
const plain = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null }
/** How words are told, from BERT's way to white space alone. */
const WORDS = [
  { normalizer: { ...plain, lowercase: true }, pre_tokenizer: { type: 'BertPreTokenizer' } },
  { normalizer: { ...plain, lowercase: false }, pre_tokenizer: { type: 'BertPreTokenizer' } },
  { normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'BertPreTokenizer' } },
  { normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'WhitespaceSplit' } },
  { normalizer: null, pre_tokenizer: { type: 'WhitespaceSplit' } },
]
