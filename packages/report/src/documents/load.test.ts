import { expect, test } from 'vitest'
import { type LoadFound, type LoadSearch, objectiveVerdict } from './load.ts'

const search = (undecided?: true): LoadSearch => ({
  objective: 'p99<20ms',
  runs: [],
  confirmingRuns: 5,
  above: null,
  ended: '',
  ...(undecided ? { undecided } : {}),
})
const found = (ratePerSecond: number, more: Partial<LoadFound> = {}): LoadFound => ({
  ratePerSecond,
  low: ratePerSecond * 0.9,
  high: ratePerSecond * 1.1,
  confirmed: 5,
  ...more,
})

test.each([
  ['no search', null, null, null, null],
  ['no rate holds', null, search(), null, 'missed'],
  ['too few requests, no time, or a late generator', null, search(true), null, 'unclear'],
  ['a rate was found', found(100), search(), null, 'held'],
  ['it is not confirmed', found(100, { confirmed: 3 }), search(), null, 'unclear'],
  ['the rate asked for is reached', found(100), search(), 100, 'held'],
  ['it is not', found(100), search(), 105, 'missed'],
  ['nothing is known of it', found(100, { atLeast: true }), search(), 105, 'unclear'],
] as const)('%s', (_, one, of, rate, verdict) => expect(objectiveVerdict({ found: one, search: of }, rate)).toBe(verdict))
