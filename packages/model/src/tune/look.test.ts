import { expect, test } from 'vitest'
import { exampleBench, exampleRemedy } from '../../test/support/tune/example-bench.ts'
import { runOn, times } from '../../test/support/tune/example-search.ts'
import type { Bench } from './bench.ts'

test.each([
  [1.04, 0],
  [1.06, 1],
])('what takes %d times as long in a first look is remembered for later runs: %d of it', async (ratio, count) => {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: times({ a: 1 / ratio }) })
  const kept: unknown[] = []
  const remember: Bench['remember'] = async (_, __, what) => void kept.push(what)
  await runOn({ ...made, remember }, made, [exampleRemedy('a')])
  expect(kept).toEqual(Array(count).fill({ kind: 'look', ratio: expect.closeTo(ratio) }))
})
