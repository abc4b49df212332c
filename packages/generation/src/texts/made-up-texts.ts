// Texts of those who give none: real sentences, some alone and some as long as a page, in the mixture that a collection of messages and articles has.
import { SENTENCES } from '@whyslow/measure/samples/sentences.ts'

/** Sentences of each text in turn: most are short, few are long. */
const SENTENCES_OF = [1, 2, 1, 4, 1, 3, 8, 1, 2, 1, 16, 1, 3, 2, 1, 6] as const
/** No common divisor with the number of sentences, so that the same follow each other late. */
const STRIDE = 7

export function madeUpTexts(count: number): string[] {
  let next = 0
  return Array.from({ length: count }, (_, at) =>
    Array.from({ length: SENTENCES_OF[at % SENTENCES_OF.length]! }, () => SENTENCES[(next++ * STRIDE) % SENTENCES.length]!).join(
      ' ',
    ),
  )
}
