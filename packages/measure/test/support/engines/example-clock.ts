// A clock that stands still until a test moves it: what is timed on it takes what the test says, on every machine.
import type { Clock } from '../../../src/engines/sampler.ts'

export interface ScriptedClock {
  readonly now: Clock
  /** Moves it on, ms. */
  pass(ms: number): void
}

export function scriptedClock(): ScriptedClock {
  // Not from 0: nobody may take a clock's reading for a duration.
  let at = 1000
  return {
    now: () => at,
    pass(ms) {
      at += ms
    },
  }
}
