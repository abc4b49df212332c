import { expect, test } from 'vitest'
import { type DrainTools, waitUntilIdle } from './wait-until-idle.ts'

/** A server that answers so, a round of a second each; the last one goes on. */
function scripted(rounds: readonly (readonly number[])[]) {
  let [asked, seconds] = [0, 0]
  const tools: DrainTools = {
    now: () => 1000 * seconds++,
    measure: async () => ({ latencies: Float64Array.from(rounds[Math.min(asked++, rounds.length - 1)]!) }),
  }
  return { tools, asked: () => asked }
}

const plan = { target: {} as never, timeoutMs: 1000, signal: undefined }

test.each([
  ['is empty already', [[10, 11]], true, 2],
  ['works off what was left', [[], [3000], [40, 30], [10], [9.5]], true, 5],
  ['gets no answer', [[]], false, 29],
  ['fails every request', [[Number.POSITIVE_INFINITY]], false, 29],
])('a server that %s', async (_, rounds, isEmpty, asked) => {
  const script = scripted(rounds)
  expect(await waitUntilIdle(plan, script.tools)).toBe(isEmpty)
  expect(script.asked()).toBe(asked)
})
