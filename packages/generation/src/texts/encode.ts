// Texts to vectors, as transformers.js and sentence-transformers do it: tokenized, padded, run, pooled, normalized; with the time of each step.
import { float16Values } from '@whyslow/graph/decode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Session, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { TextEncoder } from '../recognize/text-encoder.ts'
import type { Tokenizer } from '../tokenize/tokenizer.ts'
import { feedsOf, type SpecialTokens, specialTokensOf, truncateIds } from './batches.ts'
import { normalize, poolVectors } from './pool.ts'

/** Times of a batch, or of several, ms. */
export interface StepTimes {
  readonly tokenizeMs: number
  readonly paddingMs: number
  readonly modelMs: number
  readonly poolingMs: number
  readonly normalizeMs: number
}

export interface Encoded extends StepTimes {
  /** [texts, width], or as many scores. */
  readonly vectors: Float32Array
  readonly width: number
}

export interface EncodeParts {
  readonly session: Pick<Session, 'run'>
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'encodeWhole'>
  readonly encoder: TextEncoder
  /** Tokens that texts are cut to; null: nothing is cut. */
  readonly longest: number | null
  readonly now: () => number
}

export interface Encode {
  /** Ids of a text as the tokenizer makes them, before it is cut. */
  ids(text: string): readonly number[]
  /** Padded to the longest text, and at least to `padTo`. */
  batch(texts: readonly string[], padTo: number | null): Promise<Encoded>
}

export function encodeOf({ session, tokenizer, encoder, longest, now }: EncodeParts): Encode {
  const { output, pooling, normalizes, padding, model } = encoder
  // A letter is no special token of anybody.
  const special: SpecialTokens = specialTokensOf(tokenizer.encodeWhole('a'), tokenizer.encode('a'))
  const ids = (text: string) => tokenizer.encodeWhole(text)
  return {
    ids,
    async batch(texts, padTo) {
      const started = now()
      const rows = texts.map((text) => truncateIds(ids(text), longest, special))
      const tokenized = now()
      const lengths = rows.map((row) => row.length)
      const length = Math.max(1, padTo ?? 0, ...lengths)
      const feeds = feedsOf(rows, length, encoder)
      const padded = now()
      const results = await session.run(feeds)
      const ran = now()
      const found = results[output.name]
      if (found === undefined) throw new InputError(`${model} gave no output ${output.name}; check the file`)
      const values = floatsOf(found, model)
      const width = found.shape.at(-1)!
      const vectors =
        pooling === null ? values.slice() : poolVectors({ values, length, width, lengths, side: padding.side }, pooling)
      const poolEnd = now()
      if (normalizes) normalize(vectors, width)
      return {
        ...{ vectors, width },
        tokenizeMs: tokenized - started,
        paddingMs: padded - tokenized,
        modelMs: ran - padded,
        poolingMs: poolEnd - ran,
        normalizeMs: now() - poolEnd,
      }
    },
  }
}

function floatsOf({ dtype, data }: TensorValue, model: string): Float32Array {
  if (dtype === 'float32') return data as Float32Array
  if (dtype === 'float16') return float16Values(data as Uint16Array)
  if (dtype === 'float64') return Float32Array.from(data as Float64Array)
  throw new InputError(`${model} gives ${dtype}, which is not a vector; measure it as a model: whyslow ${model}`)
}
