// What a generator answers, greedily and always as many tokens: the ids that must be equal. And how it rates a text that is fed to it.
import type { Generation, Generator, Media } from '../generator.ts'
import type { Prompt } from '../measure/prompts.ts'
import { type Sources, sourcesOf } from './source.ts'

export interface Answer {
  readonly prompt: readonly number[]
  readonly ids: readonly number[]
  /** Up to the first token that ends a text; absent: nobody can make text of ids. */
  readonly text?: string
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
    const request = {
      ...source,
      newTokens: tokens,
      ignoreEnd: true,
      sampling: { kind: 'greedy' as const },
      plain: true,
      stop: [],
    }
    const generation = await generator.generate(request)
    const ids = generation.tokens.map(({ id }) => id)
    if (ids.includes(null)) throw new Error(`engine ${generator.engine} gives texts and no ids, which cannot be compared`)
    answers.push({ prompt, ids: ids as number[], ...textOf(generator, generation) })
  }
  return answers
}

function textOf({ decode, endIds }: Generator, { tokens }: Generation): Pick<Answer, 'text'> {
  const end = tokens.findIndex(({ id }) => endIds.includes(id!))
  const shown = end < 0 ? tokens : tokens.slice(0, end)
  if (decode !== null) return { text: decode(shown.map(({ id }) => id!)) }
  return shown.some(({ text }) => text === null) ? {} : { text: shown.map(({ text }) => text).join('') }
}

/** The first place at which another generator chose another token than `ids`. */
export interface Divergence {
  readonly at: number
  readonly chosen: number
}

/** A text that is fed as it is (teacher forcing): all of it, to be rated, or up to where another generator chose another token. */
export interface FedText {
  readonly ids: readonly number[]
  /** The prompt that an encoder reads, whose answer `ids` are; absent: there is no encoder, and `ids` are all. */
  readonly source?: readonly number[]
  /** The index in `ids` of another's token; null: the text is rated. */
  readonly divergence: Divergence | null
}

export interface Rating {
  /** The sum of the negative logarithms of the probabilities of all tokens but the first, over the texts that are rated, and how many tokens these are. */
  readonly nats: number
  readonly tokens: number
  /** The best logit where another token was chosen, less that of this token: one for each other text, in their order. */
  readonly gaps: readonly number[]
}

/** Tokens that are fed at once: their logits are kept together. */
const CHUNK = 64

/** Throws if the engine shows no logits, or not those of each position. */
export async function ratingOf(
  generator: Generator,
  texts: readonly FedText[],
  sources: Sources = sourcesOf(generator, {}),
): Promise<Rating> {
  if (generator.start === null) throw new Error(`engine ${generator.engine} shows no logits`)
  let [nats, tokens] = [0, 0]
  const gaps: number[] = []
  for (const { ids: text, source, divergence: found } of texts) {
    // Behind an encoder a text begins with tokens that the decoder does not choose.
    const beginning = source === undefined ? [] : (generator.beginning?.ids ?? [])
    // What is generated past its end is no text of the model's, and most of it costs no nats.
    const end = source === undefined || found !== null ? -1 : text.findIndex((id) => generator.endIds.includes(id))
    const ids = [...beginning, ...(end < 0 ? text : text.slice(0, end + 1))]
    const divergence = found === null ? null : { ...found, at: found.at + beginning.length }
    const all = divergence === null ? ids : ids.slice(0, divergence.at)
    const sequence = source === undefined ? generator.start(all.length) : generator.start(all.length, readBy(sources(source)))
    for (let from = 0; from < all.length; from += CHUNK) {
      const chunk = all.slice(from, from + CHUNK)
      const { logits, positions } = await sequence.feed(chunk, 'all')
      if (positions !== chunk.length)
        throw new Error(
          `engine ${generator.engine} gave logits of ${positions} positions of ${chunk.length}: a text cannot be rated`,
        )
      const width = logits.length / positions
      for (let row = 0; row < positions; row++) {
        const next = from + row + 1
        const seen = logits.subarray(row * width, (row + 1) * width)
        if (divergence !== null && next === all.length) {
          // Tokens were chosen after the model's files changed the logits.
          const answer = { prompt: beginning, made: text.slice(0, found!.at), most: Number.POSITIVE_INFINITY }
          if (source !== undefined) generator.beginning?.process?.(seen, answer)
          gaps.push(maximum(seen) - seen[divergence.chosen]!)
        }
        if (divergence !== null || next === all.length || next < beginning.length) continue
        const most = maximum(seen)
        nats += most + Math.log(sumOfExponentials(seen, most)) - seen[all[next]!]!
        tokens++
      }
    }
    sequence.close()
  }
  return { nats, tokens, gaps }
}

const readBy = ({ given, media }: Prompt): readonly number[] | Media => media ?? (given as readonly number[])

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
