// Prompts: the user's own, or made-up ones that are all different, so that no cache of prefixes holds them.
import fs from 'node:fs'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { soundOf } from '@whyslow/measure/samples/sound/sounds.ts'
import { readWav, type Waveform } from '@whyslow/measure/samples/wav.ts'
import type { EncoderFacts, Generator, Media } from '../generator.ts'

/** Common words; most tokenizers have a token for each, with the space before it. */
const WORDS =
  'the of and to in is that it was for on are with as his they be at one have this from or had by word but what some we can out other were all there when up use your how said an each she which do their time if will way about many then them write would like so these her long make thing see him two has look more day could go come did number sound no most people my over know water than call first who may down side been now find any new work part take get place made live where after back little only round man year came show every good me give our under name very through just form sentence great think say help low line differ turn cause much mean before move right boy old too same tell does set three want air well also play small end put home read hand port large spell add even land here must big high such follow act why ask men change went light kind off need house paper try us again animal point mother world near build self earth father'.split(
    ' ',
  )

/** Texts are longer than this only if a tokenizer has tokens of many words. */
const MOST_WORDS = 1_000_000

export interface Prompt {
  /** What the generator is handed: ids, or a text if it takes no ids. */
  readonly given: readonly number[] | string
  /** Time of tokenization, ms; null: the engine does it, or nobody does. */
  readonly tokenizeMs: number | null
  /** Tokens at its beginning and end that only fill it; absent: none do. */
  readonly paddingTokens?: number
  /** What an encoder reads that is no text; `given` is empty then. */
  readonly media?: Media
}

export type Tokens = Pick<Generator, 'encode' | 'decode' | 'vocabulary' | 'endIds' | 'takesTexts' | 'takesIds'>

/** A text of common words: the same for the same seed, and different from its first word on for another. */
export function madeUpText(words: number, seed: number): string {
  const random = mulberry32(seed)
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]!).join(' ')
}

/**
 * Ids of exactly `tokens` tokens, of which none ends a text. Without a tokenizer any ids do: time does not depend on which. An engine that takes no ids, or of
 * which nobody knows them, gets a text of so many words.
 */
export function madeUpPrompt(
  { encode, vocabulary, endIds, takesIds = true }: Omit<Tokens, 'decode'>,
  tokens: number,
  seed: number,
  now: () => number,
): Prompt {
  if (!takesIds) return { given: madeUpText(tokens, seed), tokenizeMs: null }
  if (encode !== null) {
    for (let words = tokens; words < MOST_WORDS; words *= 2) {
      const text = madeUpText(words, seed)
      const start = now()
      const ids = encode(text)
      const ms = now() - start
      if (ids.length >= tokens) return { given: ids.slice(0, tokens), tokenizeMs: (ms * tokens) / ids.length }
    }
    throw new Error(`the tokenizer makes fewer than ${tokens} tokens of ${MOST_WORDS} words`)
  }
  if (vocabulary === null) return { given: madeUpText(tokens, seed), tokenizeMs: null }
  const random = mulberry32(seed)
  const ends = new Set(endIds)
  const usable = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => !ends.has(id))
  return { given: Array.from({ length: tokens }, () => usable[Math.floor(random() * usable.length)]!), tokenizeMs: null }
}

/** A user's prompt. Throws if the engine takes ids alone and has no tokenizer. */
export function usersPrompt({ encode, decode, takesTexts = false }: Tokens, text: string, now: () => number): Prompt {
  if (encode === null) {
    if (!takesTexts) throw new Error('the model has no tokenizer, so it cannot read --prompts; leave it out')
    return { given: text, tokenizeMs: null }
  }
  const start = now()
  const given = encode(text)
  const tokenizeMs = now() - start
  const paddingTokens = decode === null ? 0 : paddingIn(given, decode)
  return { given, tokenizeMs, ...(paddingTokens === 0 ? {} : { paddingTokens }) }
}

/** One special token, such as the one that ends a text, again and again: a text begins or ends with a single one. */
function paddingIn(ids: readonly number[], decode: (ids: readonly number[]) => string): number {
  const run = (all: readonly number[]): number => {
    const first = all.findIndex((id) => id !== all[0])
    const length = first < 0 ? all.length : first
    return length > 1 && decode([all[0]!]) === '' ? length : 0
  }
  const before = run(ids)
  return before === ids.length ? before : before + run([...ids].reverse())
}

/** What a made-up sound has for each token that was requested: a position of Whisper's encoder. */
const POSITION_MS = 20

/** Speech-like sound, or an image: others for another seed. */
export function madeUpMedia({ reads, samplesPerSecond, longestMs }: EncoderFacts, tokens: number, seed: number): Prompt {
  const nothing = { given: [], tokenizeMs: null }
  if (reads === 'image' || samplesPerSecond === null) return { ...nothing, media: { kind: 'image', seed } }
  const ms = Math.min(longestMs ?? Number.POSITIVE_INFINITY, tokens * POSITION_MS)
  const length = Math.floor((samplesPerSecond * ms) / 1000)
  return {
    ...nothing,
    media: { kind: 'sound', samples: soundOf('speech', length, samplesPerSecond, mulberry32(seed)), samplesPerSecond },
  }
}

export const readSounds = (files: readonly string[]): readonly Waveform[] =>
  files.map((file) => readWav(fs.readFileSync(file), file))

/** The user's sounds, each in pieces that the model reads at once. */
export function piecesOf(sounds: readonly Waveform[], { longestMs }: EncoderFacts): readonly Prompt[] {
  return sounds.flatMap(({ samples, samplesPerSecond }) => {
    const longest = longestMs === null ? samples.length : Math.floor((samplesPerSecond * longestMs) / 1000)
    const pieces = Math.max(1, Math.ceil(samples.length / Math.max(1, longest)))
    return Array.from({ length: pieces }, (_, k) => ({
      ...{ given: [], tokenizeMs: null },
      media: { kind: 'sound' as const, samples: samples.subarray(k * longest, (k + 1) * longest), samplesPerSecond },
    }))
  })
}
