// Prompts that are proven on: the user's, and made-up ones of real sentences where there are too few of them. And passages that are rated.
import { SENTENCES } from '@whyslow/measure/samples/sentences.ts'

/** Sentences of the made-up prompt number `at`: one to four. */
const LONGEST = 4
/** No common divisor with the number of sentences, so that the same follow each other late. */
const STRIDE = 7

export interface ProofPrompts {
  readonly texts: readonly string[]
  /** How many of them are the user's. */
  readonly users: number
}

/** The user's texts, and made-up ones after them up to `least`. */
export function proofPrompts(users: readonly string[], least: number): ProofPrompts {
  const missing = Math.max(0, least - users.length)
  return { texts: [...users, ...Array.from({ length: missing }, (_, at) => madeUp(at))], users: users.length }
}

/** Sentences of a passage. */
const PASSAGE = 4

/** All sentences, a few one after another. */
export const passages = (): readonly string[] =>
  Array.from({ length: Math.ceil(SENTENCES.length / PASSAGE) }, (_, at) =>
    SENTENCES.slice(at * PASSAGE, (at + 1) * PASSAGE).join(' '),
  )

const madeUp = (at: number): string =>
  Array.from({ length: 1 + (at % LONGEST) }, (_, k) => SENTENCES[(at + k * STRIDE) % SENTENCES.length]!).join(' ')
