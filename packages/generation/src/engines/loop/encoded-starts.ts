// Sequences of a decoder whose encoder has to read something first. What is given is read again each time, though it may be the same object: its
// content may have changed, and a call costs what it costs. Steps that are given nothing are timed behind what was read last.
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
  let last: Promise<Encoded> | null = null
  const encode = (source: Source): Promise<Encoded> => (last = encoder.encode(source))
  const readFor = (source: Source | undefined, before: Promise<Encoded> | null): Promise<Encoded> => {
    if (source !== undefined) return encode(source)
    if (before === null) throw new InputError('nothing was given that the encoder could read; give a prompt')
    return before
  }
  return {
    encoder: { ...encoder, encode },
    start,
    later(_, source) {
      const before = last
      let sequence: Sequence | null = null
      return {
        get length() {
          return sequence?.length ?? 0
        },
        async feed(ids, logits) {
          sequence ??= start(await readFor(source, before))
          return sequence.feed(ids, logits)
        },
        cut: (length) => sequence?.cut(length),
        close: () => sequence?.close(),
      }
    },
  }
}
