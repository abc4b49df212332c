// The sentence of a ladder.
import { expect, test } from 'vitest'
import type { GapDocument } from '../../documents/gap.ts'
import { gapAnswer, gapLeftOut, gapOutcome } from './gap-answer.ts'

type Rung = GapDocument['rungs'][number]
const rung = (id: Rung['id'], timeMs: number, savedMs: number | null, matters = false): Rung => ({
  ...{ id, title: `rung ${id}`, timeMs, savedMs, matters },
  ...(savedMs === null ? { ratio: null, ratioLow: null, ratioHigh: null } : { ratio: 2, ratioLow: 1.9, ratioHigh: 2.1 }),
})

test('names what matters, the largest first', () => {
  const rungs = [rung('app', 10, null), rung('app-again', 10, 0), rung('no-gap', 9, 1, true), rung('predict-alone', 2, 7, true)]
  expect(gapAnswer({ rungs })).toBe(
    'A call takes 10.0 ms in an application, and 2.00 ms in a benchmark: the code around predict costs 7.00 ms, the gap between calls costs 1.00 ms.',
  )
})

test('says so where nothing does', () => {
  const rungs = [rung('app', 10, null), rung('no-gap', 9.9, 0.1)]
  expect(gapAnswer({ rungs })).toContain('no single difference between the two is larger than the noise')
})

test.each([
  [6, { ratioLow: 1.9, ratioHigh: 2.1 }, '6.00 ms of predict is unexplained.'],
  [-1, { ratioLow: 0.8, ratioHigh: 0.9 }, 'The model alone takes 1.00 ms longer than predict here, which is unexplained.'],
  [0.1, { ratioLow: 0.9, ratioHigh: 1.1 }, 'The rest, between predict and the model alone, is within the noise.'],
])('what is left beyond the model alone: %s ms', (unexplainedMs, interval, said) => {
  const rungs = [rung('app', 10, null), rung('loop-still', 7, 3, true), { ...rung('model-alone', 1, unexplainedMs), ...interval }]
  const answer = gapAnswer({ rungs, unexplainedMs })
  expect(answer).toMatch(/^A call takes 10.0 ms in an application, and the model alone takes 1.00 ms: /)
  expect(answer).toContain(`what else runs on the event loop costs 3.00 ms. ${said}`)
})

test('a rung says in a word what its difference is', () => {
  const said = [
    rung('app', 1, null),
    rung('app-again', 1, 0),
    rung('no-gap', 1, 0),
    rung('one-input', 1, 1, true),
    rung('model-alone', 1, 0),
  ]
  expect(said.map(gapOutcome)).toEqual(['', 'noise', 'within the noise', 'matters', 'unexplained'])
})

test('rungs that were not climbed have their reason', () => {
  expect(gapLeftOut({ left: [{ id: 'threads-still', reason: 'a call waits for it' }] })).toEqual([
    { name: 'other threads', reason: 'a call waits for it' },
  ])
  expect(gapLeftOut({})).toEqual([])
})
