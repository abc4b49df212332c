// How texts that a model encodes are spoken of: the answer in a few sentences, and the names of parts and of ways of batching.
import { percent, plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { EmbeddingDocument, EmbeddingPart, EmbeddingParts, EmbeddingWay } from '../../documents/embedding.ts'
import { measured, type PartRow } from '../divided/divided-words.ts'

const PART_NAMES: Readonly<Record<EmbeddingPart['id'], string>> = {
  tokenize: 'tokenizing',
  padding: 'padding and feeds',
  model: 'model, on tokens',
  'model-padding': 'model, on padding',
  pooling: 'pooling',
  normalization: 'normalization',
  unexplained: 'unexplained',
}

const INTO: Readonly<Partial<Record<EmbeddingPart['id'], string>>> = {
  tokenize: 'the tokenizer',
  padding: 'padding and feeds',
  'model-padding': 'padding that the model computes',
  pooling: 'pooling',
  normalization: 'normalization',
}

const HOW: Readonly<Record<EmbeddingPart['how'], string>> = {
  timed: 'timed by itself',
  computed: 'of a timed part, by its share of the positions',
  rest: 'what is left',
}

/** Parts that take no time are left out. */
export const partRows = ({ totalMs, parts }: EmbeddingParts): readonly PartRow<EmbeddingPart['id']>[] =>
  parts
    .filter(({ ms }) => ms !== 0)
    .map(({ id, ms, how }) => ({ id, name: PART_NAMES[id], ms, share: percent(ms / totalMs), how: HOW[how] }))

export const partsTitle = ({ batch }: Pick<EmbeddingParts, 'batch'>): string =>
  batch === 1 ? 'A text one at a time' : `A text in batches of ${batch}, as they come`

const POOLING = {
  mean: 'the mean of its tokens',
  first: 'its first token',
  last: 'its last token',
  max: 'the largest of its tokens',
}

/** What the model gives for a text. */
export function modelWords({ gives, dimensions, pooling, poolingFrom, normalizes }: EmbeddingDocument['model']): string {
  if (gives === 'scores') return `${plural(dimensions ?? 0, 'score')} a text`
  const from = poolingFrom === null ? 'assumed: no file names one that whyslow knows' : poolingFrom
  return [
    `${dimensions} dimensions`,
    ...(pooling === null ? [] : [`${POOLING[pooling]} (${from})`]),
    ...(normalizes ? ['normalized'] : []),
  ].join(', ')
}

/** Worth naming from here on. */
const WORTH_SHARE = 0.05

type Ways = Pick<EmbeddingDocument, 'setup' | 'ways'>

/** The way is of all texts, and not one of the pair that shows padding to the maximum, which stands last. */
const isWhole = (way: EmbeddingWay, { ways }: Pick<Ways, 'ways'>): boolean =>
  way.padding === 'longest' && ways[ways.indexOf(way) + 1]?.padding !== 'maximum'

/** 'one at a time', 'batches of 8, sorted by length', 'the first 8 texts, padded to 512 tokens'. */
export function wayName(way: EmbeddingWay, document: Ways): string {
  const { batch, order, padding, paddedTo, texts } = way
  if (isWhole(way, document)) {
    if (order === 'sorted') return `batches of ${batch}, sorted by length`
    return batch === 1 ? 'one at a time' : `batches of ${batch}, as they come`
  }
  const some = texts === 1 ? 'the first text' : `${texts < document.setup.texts ? 'the first' : 'all'} ${plural(texts, 'text')}`
  if (padding === 'maximum') return `${some}, padded to ${paddedTo} tokens`
  return `${some}, ${batch === 1 ? 'one at a time' : 'in one batch'}`
}

/** Stands below a table whose last row is padded to the maximum. */
export const LAST_ROW = 'The last row is compared with the row above it.'

type Answered = Pick<EmbeddingDocument, 'setup' | 'ways' | 'oneParts' | 'batchParts' | 'lengths'>

export function embeddingAnswer({ setup, ways, oneParts, batchParts, lengths }: Answered): string {
  const whole = ways.filter((way) => isWhole(way, { ways }))
  const [one, ...others] = whole
  const whose = setup.from === 'user' ? 'Your texts take' : 'Made-up texts take'
  const median = `a median of ${plural(Math.round(lengths.median), 'token')}`
  const first = `${whose} ${measured(one!.msPerText)} each, one at a time, with ${median}.`
  const best = whole.reduce((found, way) => (way.msPerText.value < found.msPerText.value ? way : found))
  const given = others.find(({ batch, order }) => batch === setup.batch && order === 'given')
  const batches =
    given === undefined
      ? []
      : [
          `In batches of ${given.batch} as they come each takes ${time(given.msPerText.value)}, and ${percent(given.paddedShare)} of the positions are padding${
            best === given
              ? ''
              : best === one
                ? '; one at a time is the fastest'
                : `; the fastest are ${wayName(best, { setup, ways })}: ${time(best.msPerText.value)}`
          }.`,
        ]
  return [first, ...batches, ...intoSentence(batchParts ?? oneParts), ...cutSentence({ setup, lengths })].join(' ')
}

function intoSentence({ batch, totalMs, parts }: EmbeddingParts): string[] {
  const [largest] = parts
    .filter(({ id, ms }) => INTO[id] !== undefined && ms >= WORTH_SHARE * totalMs)
    .sort((a, b) => b.ms - a.ms)
  if (largest === undefined) return []
  const where = batch === 1 ? 'one at a time' : `in batches of ${batch} as they come`
  return [`Of a text's ${time(totalMs)} ${where}, ${time(largest.ms)} go into ${INTO[largest.id]}.`]
}

function cutSentence({ setup, lengths }: Pick<Answered, 'setup' | 'lengths'>): string[] {
  if (lengths.cutTexts === 0) return []
  const are = lengths.cutTexts === 1 ? 'text is' : 'texts are'
  return [
    `${lengths.cutTexts} of ${setup.texts} ${are} longer than ${setup.longestTokens} tokens (${setup.longestFrom}) and cut: ${percent(lengths.cutShare)} of all tokens are in no vector.`,
  ]
}
