// The vocabulary that is next to a model, and what known vocabularies look like; texts cut into its pieces, longest piece first. That is
// WordPiece's own rule and near enough to the merges of byte-pair encoding: what is wanted are plausible ids, not a tokenizer.
// https://huggingface.co/docs/tokenizers/components
import fs from 'node:fs'
import path from 'node:path'
import { type Archive, openZip } from '@whyslow/graph/archives/zip.ts'
import { MOST_TFLITE_BYTES } from './metadata/own-pictures.ts'
import { readPieces } from './metadata/sentence-piece.ts'

/** Texts as ids, and what is put around them. */
export interface TokenIds {
  readonly sentences: readonly (readonly number[])[]
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly padding: number
  /** The file's name. */
  readonly file: string
}

interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>
  readonly begin: readonly string[]
  readonly end: readonly string[]
}

const FILES = ['tokenizer.json', 'vocab.txt', 'vocab.json'] as const
/** SentencePiece's own files, as exporters call them. */
const PIECES = [
  'spiece.model',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'sentencepiece.model',
  'sp.model',
  'spm.model',
  'source.spm',
]
/** fairseq's models put another special token in front of those of SentencePiece, and know the file by this name: ids are one more. */
const SHIFTED = 'sentencepiece.bpe.model'
/** Bytes of a larger file take too long to read for what they tell. */
const MOST_BYTES = 20e6
const LEAST_PIECES = 20
const PADDING = ['[PAD]', '<pad>', '<PAD>', '<|pad|>', '<|endoftext|>', '</s>']
const UNKNOWN = ['[UNK]', '<unk>', '<UNK>', 'UNK', '<|unk|>', '[OOV]', '<OOV>']

/** Reads vocabularies, each file once, and a model with an archive behind it. */
export function vocabularyReader(): ReadVocabulary {
  const archiveOf = once(archiveBehind)
  return once((file) => readVocabulary(file, archiveOf))
}

function once<T>(read: (file: string) => T): (file: string) => T {
  const known = new Map<string, { readonly content: T }>()
  return (file) => {
    const found = known.get(file) ?? { content: read(file) }
    known.set(file, found)
    return found.content
  }
}

/** undefined: there is no such file, or it holds no vocabulary. */
export type ReadVocabulary = (file: string) => Vocabulary | undefined

/**
 * The texts as ids of the vocabulary next to the model, in the folder above, or in a TFLite file itself; undefined if there is none that fits a
 * table of `rows`.
 */
export function idsNextTo(
  model: string,
  rows: number,
  texts: readonly string[],
  read: ReadVocabulary = vocabularyReader(),
): TokenIds | undefined {
  const folder = path.dirname(model)
  // Files that belong to a TFLite model stand in an archive behind its end.
  const places = [folder, path.join(folder, '..'), ...(model.endsWith('.tflite') ? [model] : [])]
  for (const file of places.flatMap((one) => [...FILES, ...PIECES].map((name) => path.join(one, name)))) {
    const found = read(file)
    if (found === undefined || found.ids.size < LEAST_PIECES) continue
    const { ids, begin, end } = found
    const idOf = (names: readonly string[]) => names.map((name) => ids.get(name)).find((id) => id !== undefined)
    const sentences = texts.map((text) => piecesOf(text, ids, idOf(UNKNOWN)))
    // Another model's vocabulary, or one in another script.
    if (sentences.some((one) => one.length === 0 || one.some((id) => id >= rows))) continue
    const known = (names: readonly string[]) =>
      names.map((name) => ids.get(name)).filter((id): id is number => id !== undefined && id < rows)
    return { sentences, begin: known(begin), end: known(end), padding: known(PADDING)[0] ?? 0, file: path.basename(file) }
  }
  return undefined
}

type ArchiveOf = (model: string) => Archive | undefined

function readVocabulary(file: string, archiveOf: ArchiveOf): Vocabulary | undefined {
  try {
    const bytes = bytesOf(file, archiveOf)
    if (bytes === undefined) return undefined
    const name = path.basename(file)
    if (PIECES.includes(name)) return ofPieces(bytes, name === SHIFTED ? 1 : 0)
    const text = new TextDecoder().decode(bytes)
    if (file.endsWith('.txt')) return around(numbered(text.trimEnd().split(/\r?\n/)))
    const json = JSON.parse(text) as Record<string, unknown>
    return name === 'tokenizer.json' ? ofTokenizer(json as unknown as TokenizerJson) : around(tableOf(json))
  } catch {
    return undefined
  }
}

/** The content of a file, or of a member of the archive behind a TFLite model; undefined if there is none, or it is too large. */
function bytesOf(file: string, archiveOf: ArchiveOf): Uint8Array | undefined {
  const model = path.dirname(file)
  const isMember = model.endsWith('.tflite') && fs.statSync(model, { throwIfNoEntry: false })?.isFile() === true
  if (!isMember) {
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    return stat?.isFile() && stat.size <= MOST_BYTES ? fs.readFileSync(file) : undefined
  }
  const archive = archiveOf(model)
  const member = archive?.members.get(path.basename(file))
  return member === undefined || member.sizeBytes > MOST_BYTES ? undefined : archive?.read(path.basename(file))
}

/** undefined: there is none, or the model is too large to look for it. */
function archiveBehind(model: string): Archive | undefined {
  if (fs.statSync(model).size > MOST_TFLITE_BYTES) return undefined
  const { buffer, byteOffset, byteLength } = fs.readFileSync(model)
  try {
    return openZip(new Uint8Array(buffer, byteOffset, byteLength), { where: model, again: 'export it again' })
  } catch {
    return undefined
  }
}

/** What SentencePiece puts around a text by itself is nothing: its models have names for what theirs do. */
function ofPieces(bytes: Uint8Array, shift: number): Vocabulary {
  const { pieces, begin, end } = readPieces(bytes)
  const ids = new Map(pieces.map((piece, id) => [piece, id + shift]))
  if (shift > 0) for (const [id, piece] of ['<s>', '<pad>', '</s>', '<unk>'].entries()) ids.set(piece, id)
  const both = shift > 0 || ids.has('[CLS]')
  if (both) return { ids, begin: [ids.has('[CLS]') ? '[CLS]' : '<s>'], end: [ids.has('[SEP]') ? '[SEP]' : '</s>'] }
  // T5 has no token that begins a text, and ends it; Llama begins it.
  return begin === null ? { ids, begin: [], end: end === null ? [] : [end] } : { ids, begin: [begin], end: [] }
}

const numbered = (pieces: readonly unknown[]): Map<string, number> =>
  new Map(pieces.map((piece, id) => [String(Array.isArray(piece) ? piece[0] : piece), id]))

/** Pieces with their ids, a list of pieces, or either of them as `vocab`. */
function tableOf(json: unknown): Map<string, number> {
  if (Array.isArray(json)) return numbered(json)
  const entries = Object.entries(json as object)
  const inner = entries.find(([name, value]) => name === 'vocab' && typeof value === 'object')
  if (inner !== undefined) return tableOf(inner[1])
  return new Map(entries.filter((entry): entry is [string, number] => isId(entry[1])))
}

const isId = (id: unknown): id is number => Number.isInteger(id) && (id as number) >= 0

interface TokenizerJson {
  readonly model: { readonly vocab: unknown }
  readonly added_tokens?: readonly { readonly id: unknown; readonly content: string }[]
  readonly post_processor?: {
    readonly single?: readonly { readonly SpecialToken?: { readonly id: string } }[]
    readonly cls?: readonly [string, number]
    readonly sep?: readonly [string, number]
  } | null
}

function ofTokenizer({ model, added_tokens = [], post_processor }: TokenizerJson): Vocabulary {
  const ids = tableOf(model.vocab)
  for (const { id, content } of added_tokens) if (isId(id)) ids.set(content, id)
  if (post_processor?.single !== undefined) {
    const names = post_processor.single.map(({ SpecialToken }) => SpecialToken?.id)
    const text = names.indexOf(undefined)
    const isName = (name: string | undefined): name is string => name !== undefined
    return { ids, begin: names.slice(0, text).filter(isName), end: names.slice(text).filter(isName) }
  }
  const { cls, sep } = post_processor ?? {}
  return { ids, begin: cls === undefined ? [] : [cls[0]], end: sep === undefined ? [] : [sep[0]] }
}

/** BERT's way, if the vocabulary has its special tokens. */
const around = (ids: ReadonlyMap<string, number>): Vocabulary => ({ ids, begin: ['[CLS]'], end: ['[SEP]'] })

/** How pieces say that they begin a word, continue it or end it. */
interface Marks {
  readonly start: string
  readonly inside: string
  readonly end: string
}

function marksOf(ids: ReadonlyMap<string, number>): Marks {
  const counts = { '##': 0, Ġ: 0, '▁': 0, '</w>': 0 }
  for (const piece of ids.keys()) {
    if (piece.startsWith('##')) counts['##']++
    else if (piece.startsWith('Ġ')) counts.Ġ++
    else if (piece.startsWith('▁')) counts['▁']++
    else if (piece.endsWith('</w>')) counts['</w>']++
  }
  const [mark, count] = Object.entries(counts).sort((a, b) => b[1] - a[1])[0]!
  if (count < LEAST_PIECES) return { start: '', inside: '', end: '' }
  if (mark === '##') return { start: '', inside: '##', end: '' }
  return mark === '</w>' ? { start: '', inside: '', end: mark } : { start: mark, inside: '', end: '' }
}

const MARKS = new WeakMap<ReadonlyMap<string, number>, { readonly marks: Marks; readonly lower: boolean }>()

function piecesOf(text: string, ids: ReadonlyMap<string, number>, unknown: number | undefined): number[] {
  let how = MARKS.get(ids)
  if (how === undefined) {
    how = { marks: marksOf(ids), lower: !['The', 'ĠThe', '▁The', 'The</w>', 'I', 'ĠI', '▁I'].some((piece) => ids.has(piece)) }
    MARKS.set(ids, how)
  }
  const { marks } = how
  const result: number[] = []
  // A mark at the start of a word means white space before it; BERT and tables of words cut punctuation off.
  const words = (how.lower ? text.toLowerCase() : text).match(marks.start === '' ? /[a-z]+|[0-9]+|[^\sa-z0-9]/gi : /\S+/g) ?? []
  words.forEach((word, k) => {
    const first = marks.start === 'Ġ' && k === 0 ? '' : marks.start
    for (let at = 0; at < word.length; ) {
      let end = word.length
      const pieceTo = (to: number) =>
        `${at === 0 ? first : marks.inside}${word.slice(at, to)}${to === word.length ? marks.end : ''}`
      while (end > at && !ids.has(pieceTo(end))) end--
      if (end === at) {
        if (unknown !== undefined) result.push(unknown)
        return
      }
      result.push(ids.get(pieceTo(end))!)
      at = end
    }
  })
  return result
}

/** What is known of a vocabulary by its size alone. `words`: ids of words begin here. */
export interface VocabularyFacts {
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly padding: number
  readonly words: number
}

const BERT = { begin: [101], end: [102], padding: 0, words: 1000 }
const ROBERTA = { begin: [0], end: [2], padding: 1, words: 4 }
const BY_SIZE: ReadonlyMap<number, VocabularyFacts> = new Map([
  [30522, BERT],
  [28996, { ...BERT, words: 1100 }],
  [119547, BERT],
  [105879, { ...BERT, words: 110 }],
  [50265, ROBERTA],
  [250002, ROBERTA],
  [250037, ROBERTA],
  [50257, { begin: [], end: [], padding: 50256, words: 198 }],
  [32128, { begin: [], end: [1], padding: 0, words: 3 }],
  [32000, { begin: [1], end: [], padding: 0, words: 259 }],
  [49408, { begin: [49406], end: [49407], padding: 49407, words: 256 }],
])

/** What a vocabulary of this many pieces is known for; id 0 is mostly padding. */
export const factsOfSize = (rows: number): VocabularyFacts =>
  BY_SIZE.get(rows) ?? { begin: [], end: [], padding: 0, words: rows > 1 ? 1 : 0 }
