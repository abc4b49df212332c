// Sequences of a decoder whose encoder has to read something first: what it read last is kept, so that steps can be timed behind it.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Generator, Sequence } from '../../generator.ts'
import type { Encoded, Encoder } from './encoder.ts'

type Source = Parameters<Encoder['encode']>[0]

export interface EncodedStarts {
  /** The same encoder, watched. */
  readonly encoder: Encoder
  readonly start: (encoded: Encoded) => Sequence
  /** A sequence that reads its source when it is fed first. */
  readonly later: NonNullable<Generator['start']>
}

export function encodedStarts(encoder: Encoder, start: EncodedStarts['start']): EncodedStarts {
  let last: { readonly source: Source; readonly encoded: Promise<Encoded> } | null = null
  const read = (source: Source): Promise<Encoded> => {
    if (last?.source !== source) last = { source, encoded: encoder.encode(source) }
    return last.encoded
  }
  return {
    encoder: {
      ...encoder,
      // A call of the user's reads anew, whatever was read before.
      encode(source) {
        last = null
        return read(source)
      },
    },
    start,
    later(_, source = last?.source) {
      let sequence: Sequence | null = null
      return {
        get length() {
          return sequence?.length ?? 0
        },
        async feed(ids, logits) {
          if (source === undefined) throw new InputError('nothing was given that the encoder could read; give a prompt')
          sequence ??= start(await read(source))
          return sequence.feed(ids, logits)
        },
        cut: (length) => sequence?.cut(length),
        close: () => sequence?.close(),
      }
    },
  }
}
