// The same large buffer, made for each prediction: fresh memory is given by the system page by page, and cleared.
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { ValueFact } from '../facts.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Smaller ones come from what the allocator keeps. */
const LEAST_BYTES = 65_536

/** A list of JavaScript has no size of its own: a slot of it takes as much as a number. */
const SLOT_BYTES = 8

function sizeOf(made: ValueFact | null): number {
  const { kind, bytes: told = null, length = null } = made ?? {}
  return told ?? (kind === 'array' ? (length ?? 0) * SLOT_BYTES : 0)
}

export const repeatedAllocation = defineRule({
  id: 'repeated-allocation',
  area: 'software',
  title: 'A large buffer is allocated for every prediction',
  needs: ['lines', 'patterns', 'calls'],
  check(evidence) {
    return hotPatterns(evidence, ['buffer-made'])
      .map((hot) => ({ ...hot, size: Math.max(0, ...hot.calls.map(({ result }) => sizeOf(result))) }))
      .filter(({ size }) => size >= LEAST_BYTES)
      .map(({ pattern, timeMs, share: part, size }) => ({
        ...tell`The buffer of ${bytes('buffer', size)} made at ${inWords(pattern)} takes ${ms('place', timeMs)},
          ${share('share', part)} of a prediction. Made once and written again, it takes none.`,
        timeMs,
        ...UNTRIED,
        places: [placeOf(pattern)],
      }))
  },
})
