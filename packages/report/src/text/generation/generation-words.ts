// How a generation is spoken of, on the terminal and on the page alike: the parts of a token, and its answer in one sentence or a few.
import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, PartsOf, TokenPart, TokenPartId } from '../../documents/generation.ts'
import { measured, type PartRow } from '../divided/divided-words.ts'

/** What each part is called in a row, and what time goes into. */
const PART_WORDS: Readonly<Record<TokenPartId, { readonly name: string; readonly into: string }>> = {
  weights: { name: 'weights read (floor)', into: 'reading the weights' },
  'cache-read': { name: 'KV cache read (floor)', into: 'reading the KV cache' },
  matmul: { name: 'matrix products, beyond', into: 'matrix products beyond reading their weights' },
  head: { name: 'head (logits), beyond', into: 'the head beyond reading its weights' },
  attention: { name: 'attention, beyond', into: 'attention beyond reading the cache' },
  'other-operators': { name: 'other operators', into: 'other operators' },
  engine: { name: 'engine, beyond reading', into: 'computing in the engine beyond reading' },
  'cache-copied': { name: 'KV cache copied in the engine', into: 'copying the KV cache in the engine' },
  'cache-exported': { name: 'KV cache to JavaScript', into: 'copying the KV cache between the engine and JavaScript' },
  dispatch: { name: 'starting operators', into: 'starting operators' },
  'thread-handoff': { name: 'waking threads', into: 'waking threads' },
  'logits-copied': { name: 'logits to JavaScript', into: 'copying logits to JavaScript' },
  feeds: { name: 'feeds and outputs', into: 'making feeds and taking outputs' },
  processors: { name: 'logits processors', into: 'the processors of logits' },
  sampler: { name: 'sampler', into: 'the sampler' },
  detokenize: { name: 'detokenizing', into: 'detokenizing' },
  streamer: { name: 'streamer', into: 'the streamer' },
  loop: { name: 'loop around the engine', into: 'the loop around the engine' },
  garbage: { name: 'garbage collection', into: 'garbage collection' },
  tokenize: { name: 'tokenizing the prompt', into: 'tokenizing the prompt' },
  features: { name: 'features of the input', into: 'making features of the input' },
  encoder: { name: 'encoder', into: 'the encoder' },
  unexplained: { name: 'unexplained', into: 'nothing that was found' },
}

/** A difference shows that time grows with the context, and not that copies take it. */
const GROWTH = {
  name: 'growth with the context',
  into: 'what grows with the context beyond reading the KV cache once',
} as const

const wordsOf = ({ id, how }: Pick<TokenPart, 'id' | 'how'>): { readonly name: string; readonly into: string } =>
  id === 'cache-copied' && how === 'difference' ? GROWTH : PART_WORDS[id]

/** Reading that no engine avoids. */
export const isFloor = (id: TokenPartId): boolean => id === 'weights' || id === 'cache-read'

/** Shown if it is this much of the whole. */
const WORTH_SHARE = 0.08
const MOST_NAMED = 2

/** Largest first, of those that something could be done about. */
function worthNaming({ totalMs, parts }: PartsOf): readonly TokenPart[] {
  return parts
    .filter(({ id, ms }) => !isFloor(id) && id !== 'unexplained' && ms >= WORTH_SHARE * totalMs)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, MOST_NAMED)
}

const namedParts = (parts: readonly TokenPart[]): string =>
  parts.map((part, k) => `${time(part.ms)} ${k === 0 ? 'go ' : ''}into ${wordsOf(part).into}`).join(', ')

type Answered = Pick<
  GenerationDocument,
  'speed' | 'setup' | 'floor' | 'depthLine' | 'tokenParts' | 'firstTokenParts' | 'engine' | 'model'
>

/** The answer of a document. */
export function generationAnswer(document: Answered): string {
  const { speed, setup, floor } = document
  const depth = depthOf(setup)
  const { timePerTokenMs: each, timeToFirstTokenMs: first } = speed
  const token =
    each === null
      ? `The first token takes ${measured(first)} after ${promptWords(setup, 'of prompt')}`
      : `A token takes ${measured(each)} after ${plural(depth, 'token')} of context`
  const needs = floor === null ? '.' : `; the weights alone need ${time(floor.weightsMs)} on this machine.`
  return [`${token}${needs}`, ...tokenSentences(document), ...(each === null ? [] : [firstSentence(document)])].join(' ')
}

const soundWords = (ms: number): string => `${significant(ms / 1000, 2)} s of sound`

/** What the first token is for: the prompt, or what an encoder reads. */
export function promptWords({ promptTokens, encoded }: GenerationDocument['setup'], rest = ''): string {
  if (encoded === undefined) return `${plural(promptTokens, 'token')}${rest === '' ? '' : ` ${rest}`}`
  if (encoded.soundMs !== null) return soundWords(encoded.soundMs)
  return encoded.reads === 'image' ? 'an image' : `${plural(encoded.positions, 'token')} of text`
}

/** The same as the end of a sentence. */
export const forPrompt = (setup: GenerationDocument['setup']): string =>
  setup.encoded === undefined ? `for a prompt of ${promptWords(setup)}` : `for ${promptWords(setup)}`

/** Tokens in the cache at the middle of the tokens that were timed. */
export const depthOf = ({ promptTokens, newTokens }: GenerationDocument['setup']): number =>
  Math.round(promptTokens + newTokens / 2)

function tokenSentences({ tokenParts, depthLine, setup }: Answered): string[] {
  const named = tokenParts === null ? [] : worthNaming(tokenParts)
  const sentences = named.length === 0 ? [] : [`${upperFirst(namedParts(named))}.`]
  const unexplained = tokenParts?.parts.find(({ id }) => id === 'unexplained')?.ms ?? 0
  if (tokenParts !== null && unexplained > WORTH_SHARE * tokenParts.totalMs)
    sentences.push(`${time(unexplained)} ${named.length === 0 ? 'beyond that ' : ''}are not explained.`)
  if (tokenParts === null && depthLine !== null && depthLine.slopeMsPerThousand > 0) {
    const growsMs = (depthLine.slopeMsPerThousand * depthOf(setup)) / 1000
    if (growsMs > WORTH_SHARE * depthLine.interceptMs)
      sentences.push(`Of it ${time(growsMs)} come with the context: each 1,000 tokens add ${time(depthLine.slopeMsPerThousand)}.`)
  }
  return sentences
}

function firstSentence({ speed, firstTokenParts, setup }: Answered): string {
  const first = speed.timeToFirstTokenMs
  const takes = `The first token takes ${measured(first)} ${forPrompt(setup)}`
  const [largest] = firstTokenParts === null ? [] : worthNaming(firstTokenParts)
  if (largest === undefined) return `${takes}.`
  return `${takes}, of which ${time(largest.ms)} go into ${wordsOf(largest).into}.`
}

const upperFirst = (text: string): string => text.replace(/^[a-z]/, (letter) => letter.toUpperCase())

const HOW: Readonly<Record<TokenPart['how'], string>> = {
  timed: 'timed',
  difference: 'a difference of two timings',
  computed: 'computed',
  rest: 'what is left',
}

/** What is known to take nothing is in the document, and not drawn. */
export const partRows = ({ totalMs, parts }: PartsOf): readonly PartRow<TokenPartId>[] =>
  parts
    .filter(({ ms }) => ms !== 0)
    .map(({ id, ms, how, note }) => ({
      id,
      name: wordsOf({ id, how }).name,
      ms,
      share: percent(ms / totalMs),
      how: note === null ? HOW[how] : `${HOW[how]}: ${note}`,
    }))

/** How steep the line over the context is. */
export function slopeWords({ slopeMsPerThousand, slopeOverFloor }: NonNullable<GenerationDocument['depthLine']>): string {
  const over = slopeOverFloor === null ? '' : `, ${significant(slopeOverFloor, 2)} times what reading the cache once takes`
  return `Each 1,000 tokens of context add ${time(Math.max(0, slopeMsPerThousand))} to a token${over}.`
}

/** What the curve of several tokens means. */
export function severalWords({ points }: NonNullable<GenerationDocument['severalTokens']>): string {
  const last = points.at(-1)
  if (last === undefined || last.tokens === 1) return ''
  const pays = last.ratio < 0.5 * last.tokens
  return `${last.tokens} tokens in one call take ${significant(last.ratio, 3)} times as long as one: ${
    pays ? 'batches and speculation can pay here' : 'hardly anything is shared, so that batches and speculation do not pay here'
  }.`
}
