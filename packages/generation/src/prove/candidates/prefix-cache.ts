// What two prompts begin with is computed once. It shows where prompts begin alike: a system message, examples, a document that is asked about.
import { count } from '@whyslow/measure/statistics/numbers.ts'
import type { Answer } from '../answers.ts'
import type { Candidate } from '../candidate.ts'
import { SHIPPED_LOOP } from '../setup.ts'

/** Fewer shared tokens save nothing. */
const LEAST_SHARED = 16

export const prefixCache: Candidate = {
  id: 'prefix-cache',
  title: 'The beginning that prompts share computed once',
  effect: 'lossless',
  async apply(setup, { answers }) {
    const shared = sharedBeginning(answers)
    if (shared < LEAST_SHARED)
      return {
        reason: `the prompts share ${count(shared)} tokens at their beginning; it stays on in the folder, for chats that go on`,
      }
    if (setup.loop?.prefixCache) return { reason: 'it is on already' }
    return {
      setup: { ...setup, loop: { ...(setup.loop ?? SHIPPED_LOOP), prefixCache: true } },
      changes: [`the ${count(shared)} tokens that the prompts begin with are computed once`],
    }
  },
}

/** Tokens with which all prompts begin. */
export function sharedBeginning(answers: readonly Pick<Answer, 'prompt'>[]): number {
  const [first, ...others] = answers.map(({ prompt }) => prompt)
  if (first === undefined || others.length === 0) return 0
  let shared = 0
  while (shared < first.length && others.every((prompt) => prompt[shared] === first[shared])) shared++
  return shared
}
