// Ids of words: texts cut by the tokenizer next to the model, else words as often as in natural language, between the special tokens that a
// known vocabulary has. Word r in order of frequency has a share that falls as 1/r (G. K. Zipf; the shift is B. Mandelbrot's).
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { Likeness, ResolvedInput } from './resolved.ts'
import { factsOfSize } from './vocabulary.ts'

export interface TokenContent {
  readonly kind: 'tokens'
  /** Ids of words, from the most frequent on. */
  readonly from: number
  readonly below: number
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly padding: number
  /** null: there is no tokenizer. */
  readonly sentences: readonly (readonly number[])[] | null
  /** Texts are shorter than the axis, and padded. */
  readonly isPadded: boolean
  readonly likeness: Likeness
}

const SHIFT = 2.7
/** Shorter axes are filled: the padding of a few words tells nothing. */
const SHORTEST_PADDED = 16
/** A padded text has this share of the axis, at least. */
const LEAST_SHARE = 0.2

/** Number of ids to use if the size of the vocabulary is unknown: every vocabulary has as many. */
const UNKNOWN_VOCABULARY = 100

/** Ids of an input that indexes a table of this many rows; null: the model does not say how many. */
export function tokensOf({ shape, freeAxes, known }: ResolvedInput, rows: number | null): TokenContent {
  const below = rows ?? UNKNOWN_VOCABULARY
  const facts = factsOfSize(below)
  const { tokens } = known ?? {}
  const last = shape.length - 1
  // A free axis is as long as the text; a fixed one is padded.
  const isPadded = shape.length === 2 && shape[1]! >= SHORTEST_PADDED && !freeAxes.some(({ axis }) => axis === last)
  const common = { kind: 'tokens', from: Math.min(facts.words, below - 1), below, isPadded } as const
  // The engine may have asked for smaller ids than the table has rows.
  const fits = (ids: readonly number[]) => ids.every((id) => id < below)
  if (tokens !== undefined && [...tokens.sentences, tokens.begin, tokens.end, [tokens.padding]].every(fits)) {
    const { sentences, begin, end, padding, file } = tokens
    const why = `Sentences in the vocabulary of ${file}, next to the model.`
    return { ...common, sentences, begin, end, padding, likeness: { of: 'sentences', range: null, why } }
  }
  if (rows === null) {
    const why = `Whole numbers, and nothing in the model says which: ids below ${below}, small ones frequent.`
    return { ...common, ...facts, sentences: null, likeness: { of: 'noise', range: null, why } }
  }
  const why = `It indexes a table of ${below} rows, and no tokenizer that fits is next to the model: small ids are frequent.`
  return { ...common, ...facts, sentences: null, likeness: { of: 'ids', range: null, why } }
}

/** Elements of each row that hold text: the same for the ids and for their mask. */
export function textLengths(rows: number, most: number, seed: number): number[] {
  const random = mulberry32(seed)
  // Every other text fills its axis.
  return Array.from({ length: rows }, () =>
    random() < 0.5 ? most : Math.max(1, Math.round(most * (LEAST_SHARE + (1 - LEAST_SHARE) * random()))),
  )
}

/** `rows` texts side by side, each padded to `length`; `lengths`: what each fills of it, all if none are given. */
export function drawTokens(
  content: TokenContent,
  { rows, length, lengths }: { readonly rows: number; readonly length: number; readonly lengths: readonly number[] | null },
  random: () => number,
): number[] {
  const { begin, end, padding } = content
  const ids: number[] = []
  for (let row = 0; row < rows; row++) {
    const most = lengths?.[row] ?? length
    const hasRoom = most > begin.length + end.length
    const count = hasRoom ? most - begin.length - end.length : most
    const text = words(content, count, random)
    const whole = hasRoom ? [...begin, ...text, ...end] : text
    for (let at = 0; at < length; at++) ids.push(whole[at] ?? padding)
  }
  return ids
}

function words({ sentences, from, below }: TokenContent, count: number, random: () => number): number[] {
  const text: number[] = []
  while (text.length < count) {
    if (sentences === null) text.push(from + rank(below - from, random))
    else text.push(...sentences[Math.floor(random() * sentences.length)]!)
  }
  return text.slice(0, count)
}

/** 0 is the most frequent: the inverse of the shifted law's distribution. */
const rank = (count: number, random: () => number): number =>
  Math.min(count - 1, Math.floor(SHIFT * ((1 + count / SHIFT) ** random() - 1)))
