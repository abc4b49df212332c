// What a prompt of the proof is to a generator. Prompts are ids; an encoder of sound reads the sound of that number: the user's, and made-up ones after
// them, so that as many are compared as are counted.
import type { Generator } from '../generator.ts'
import { madeUpMedia, type Prompt, piecesOf, readSounds } from '../measure/prompts.ts'
import type { GeneratorSetup } from './setup.ts'

/** Lengths of made-up sounds in positions of 20 ms: two seconds, and up to five. */
const [SHORTEST, LONGER, LENGTHS] = [100, 50, 4]

export type Sources = (prompt: readonly number[]) => Prompt

export function sourcesOf({ encoder }: Pick<Generator, 'encoder'>, { sounds = [] }: Pick<GeneratorSetup, 'sounds'>): Sources {
  if (encoder === undefined || encoder.reads === 'text') return (given) => ({ given, tokenizeMs: null })
  const pieces = piecesOf(readSounds(sounds), encoder)
  return ([number = 0]) => pieces[number] ?? madeUpMedia(encoder, SHORTEST + LONGER * (number % LENGTHS), number)
}
