import { expect, test } from 'vitest'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { heldBackIn } from './held-back.ts'

/** Answers whose rest comes so long after their first bytes. */
function run(restMs: (k: number) => number) {
  const one = exampleRun({ utilisation: 0.3, measuredMs: 5000 })
  for (let k = 0; k < one.sent; k++) one.records.doneMs[k] = one.records.firstByteMs[k]! + restMs(k)
  return one
}

test('every second answer waits for an acknowledgement', () => {
  const { heldBack } = heldBackIn(run((k) => (k % 2 === 0 ? 41 + (k % 3) : 0.1)))
  expect(heldBack!.share).toBeCloseTo(0.5, 1)
  expect(heldBack!.meanMs).toBeCloseTo(42, 0)
})

test.each([
  ['answers come whole', () => 0.1],
  ['one of twenty happens to take as long', (k: number) => (k % 20 === 0 ? 42 : 0.1)],
  ['large answers take between nothing and longer', (k: number) => k % 80],
  ['a slow network takes longer', () => 90],
])('%s: none', (_, restMs) => expect(heldBackIn(run(restMs))).toEqual({}))

test('without a good answer: none', () => {
  const one = run(() => 42)
  one.records.outcome.fill(503)
  expect(heldBackIn(one)).toEqual({})
})
