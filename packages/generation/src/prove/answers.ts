// What a generator answers, greedily and always as many tokens: the ids that must be equal. And how it rates a text that is fed to it.
import type { Generator } from '../generator.ts'
import { type Sources, sourcesOf } from './source.ts'

export interface Answer {
  readonly prompt: readonly number[]
  readonly ids: readonly number[]
}

/** Throws if the engine gives no ids. Prompts are ids, so that no tokenizer comes between. */
export async function answersOf(
  generator: Generator,
  prompts: readonly (readonly number[])[],
  tokens: number,
  sources: Sources = sourcesOf(generator, {}),
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const prompt of prompts) {
    const { given, media } = sources(prompt)
    const source = media === undefined ? { prompt: given } : { prompt: given, media }
    const request = { ...source, newTokens: tokens, ignoreEnd: true, sampling: { kind: 'greedy' as const }, stop: [] }
    const generation = await generator.generate(request)
    const ids = generation.tokens.map(({ id }) => id)
    if (ids.includes(null)) throw new Error(`engine ${generator.engine} gives texts and no ids, which cannot be compared`)
    answers.push({ prompt, ids: ids as number[] })
  }
  return answers
}

/** The first place at which another generator chose another token than `ids`. */
export interface Divergence {
  readonly at: number
  readonly chosen: number
}

export interface RatedText extends Answer {
  readonly divergence: Divergence | null
}

export interface Rating {
  /** Sum of the negative logarithms of the probabilities of all tokens but the first, and how many these are. */
  readonly nats: number
  readonly tokens: number
  /** For each text: the best logit where the other diverged, less that of the token it chose; null: it did not diverge. */
  readonly gaps: readonly (number | null)[]
}

/** Tokens that are fed at once: their logits are kept together. */
const CHUNK = 64

/** Each text is fed as it is (teacher forcing). Throws if the engine shows no logits. */
export async function ratingOf(
  generator: Generator,
  texts: readonly RatedText[],
  sources: Sources = sourcesOf(generator, {}),
): Promise<Rating> {
  if (generator.start === null) throw new Error(`engine ${generator.engine} shows no logits`)
  let [nats, tokens] = [0, 0]
  const gaps: (number | null)[] = []
  for (const { prompt: asked, ids, divergence } of texts) {
    // Behind an encoder the decoder's text begins with a few tokens of its own.
    const { given, media = given as readonly number[] } = sources(asked)
    const prompt = generator.beginning?.ids ?? asked
    const all = [...prompt, ...ids]
    const watched = divergence === null ? null : prompt.length + divergence.at - 1
    let gap: number | null = null
    const sequence = generator.beginning === undefined ? generator.start(all.length) : generator.start(all.length, media)
    for (let from = 0; from < all.length; from += CHUNK) {
      const chunk = all.slice(from, from + CHUNK)
      const { logits, positions } = await sequence.feed(chunk, 'all')
      if (positions !== chunk.length)
        throw new Error(
          `engine ${generator.engine} gave logits of ${positions} positions of ${chunk.length}: a text cannot be rated`,
        )
      const width = logits.length / positions
      for (let row = 0; row < positions; row++) {
        const at = from + row
        const seen = logits.subarray(row * width, (row + 1) * width)
        const most = maximum(seen)
        if (at === watched) gap = most - seen[divergence!.chosen]!
        if (at + 1 === all.length) continue
        nats += most + Math.log(sumOfExponentials(seen, most)) - seen[all[at + 1]!]!
        tokens++
      }
    }
    sequence.close()
    gaps.push(gap)
  }
  return { nats, tokens, gaps }
}

function maximum(values: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) if (value > most) most = value
  return most
}

function sumOfExponentials(values: Float32Array, most: number): number {
  let sum = 0
  for (const value of values) sum += Math.exp(value - most)
  return sum
}

export const divergenceOf = (original: Answer, other: Answer): Divergence | null => {
  const at = original.ids.findIndex((id, index) => other.ids[index] !== id)
  return at < 0 ? null : { at, chosen: other.ids[at] ?? -1 }
}
