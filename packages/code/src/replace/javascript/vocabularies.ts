// What a tokenizer of @huggingface/tokenizers is made of: the `tokenizer.json` that is there, or a vocabulary in the two ways that such are used,
// longest piece first (BERT's WordPiece) and by merges (byte-pair encoding). https://huggingface.co/docs/tokenizers/components
// Whether it is the user's tokenizer, the ids of their texts say.
import fs from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { writeLiteral } from './written.ts'

export const LIBRARY = '@huggingface/tokenizers'

export interface VocabularySource {
  /** 'tokenizer.json', 'vocab.txt', 'the table VOCAB'. */
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

/**
 * `folders`: where files are looked for, the likeliest first; `tables`: what the user's code looks pieces up in, by the expression that names each.
 * A file that is none (a pointer of Git LFS, no JSON) is left out.
 */
export function* tokenizersOf(
  folders: readonly string[],
  tables: readonly (readonly [string, unknown])[],
): Generator<VocabularySource> {
  const files = (name: string) => folders.map((folder) => join(folder, name)).filter((file) => fs.existsSync(file))
  for (const file of files('tokenizer.json')) {
    const json = jsonOf(file)
    if (json !== null) yield ofTokenizer(file, json)
  }
  for (const file of files('vocab.txt')) {
    const pieces = linesOf(file) ?? []
    const code = [linesRead('pieces', file), 'const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]))']
    yield* ofVocabulary(byNumber(pieces), [], { of: shownPath(file), code, vocab: 'vocab' })
  }
  for (const file of files('vocab.json')) {
    const json = jsonOf(file)
    const vocab = Array.isArray(json) ? null : vocabularyOf(json, 0)
    if (vocab === null) continue
    const merges = join(dirname(file), 'merges.txt')
    const isRule = (line: string) => !line.startsWith('#version')
    const rules = (linesOf(merges) ?? []).filter(isRule)
    const read = `${linesRead('merges', merges)}\n  .filter((line) => !line.startsWith('#version'))`
    const code = [`const vocab = ${parsed(file)}`, ...(rules.length > 0 ? [read] : [])]
    yield* ofVocabulary(vocab, rules, { of: shownPath(file), code, vocab: 'vocab' })
  }
  for (const [name, table] of tables) {
    const vocabulary = vocabularyOf(table, LEAST_PIECES)
    const numbered = `Object.fromEntries(${name}.map((piece, id) => [piece, id]))`
    const made = table instanceof Map ? `Object.fromEntries(${name})` : Array.isArray(table) ? numbered : name
    if (vocabulary !== null) yield* ofVocabulary(vocabulary, [], { of: `the table ${name}`, code: [], vocab: made })
  }
}

function ofTokenizer(file: string, json: object): VocabularySource {
  const configFile = join(dirname(file), 'tokenizer_config.json')
  const config = fs.existsSync(configFile) ? jsonOf(configFile) : null
  const given = [parsed(file), config === null ? '{}' : parsed(configFile)].map((one) => `  ${one},\n`).join('')
  return { of: shownPath(file), json, config: config ?? {}, code: [`const tokenizer = new Tokenizer(\n${given}) // once`] }
}

function shownPath(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : path
}
const quoted = (file: string): string => JSON.stringify(shownPath(file))
const parsed = (file: string): string => `JSON.parse(readFileSync(${quoted(file)}, 'utf8'))`
const linesRead = (name: string, file: string): string =>
  `const ${name} = readFileSync(${quoted(file)}, 'utf8')\n  .trimEnd()\n  .split(/\\r?\\n/)`
const byNumber = (pieces: readonly string[]): Vocabulary => Object.fromEntries(pieces.map((piece, id) => [piece, id]))

/** null: there is no text. */
function linesOf(file: string): string[] | null {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split(/\r?\n/)
  } catch {
    return null
  }
}

/** null: it is not valid JSON. */
function jsonOf(file: string): object | null {
  try {
    const found: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
    return typeof found === 'object' ? found : null
  } catch {
    return null
  }
}

/** null: it is no table of at least this many pieces with their ids. */
function vocabularyOf(table: unknown, least: number): Vocabulary | null {
  if (typeof table !== 'object' || table === null) return null
  if (Array.isArray(table)) return table.length >= least && table.every(isText) ? byNumber(table) : null
  const pairs: [unknown, unknown][] = table instanceof Map ? [...table] : Object.entries(table)
  const isOne = pairs.length >= least && pairs.every(([piece, id]) => isText(piece) && Number.isInteger(id))
  return isOne ? (Object.fromEntries(pairs) as Vocabulary) : null
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** `vocab`: the expression of the vocabulary behind `code`. */
interface Told extends Pick<VocabularySource, 'of' | 'code'> {
  readonly vocab: string
}

/** Tokenizers of the vocabulary; none if it has no piece for unknown text. */
function* ofVocabulary(vocab: Vocabulary, merges: readonly string[], told: Told): Generator<VocabularySource> {
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
    const names = { ...(merges.length > 0 ? { merges: 'merges' } : {}), vocab: told.vocab }
    const made = writeLiteral({ ...rest, model: { ...model, ...names } }, names)
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
