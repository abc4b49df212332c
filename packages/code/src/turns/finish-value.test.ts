// Nothing that a stage gives back is left undone.
import { expect, test } from 'vitest'
import { targetOf } from './contract.ts'
import { finishValue } from './finish-value.ts'
import { stepsOf, wholeCall } from './program.ts'
import { timePasses, timeWithGaps } from './time-passes.ts'

test('values are themselves, promises are waited for, generators are run', async () => {
  const list = [1]
  for (const value of [1, null, undefined, 'text', list, new Map(), Math.sqrt]) expect(finishValue(value)).toBe(value)
  expect(await finishValue(Promise.resolve(2))).toBe(2)
  function* two() {
    yield 1
    yield 2
  }
  async function* later() {
    yield* two()
  }
  expect(finishValue(two())).toEqual([1, 2])
  expect(await finishValue(later())).toEqual([1, 2])
  expect(await finishValue(Promise.resolve(two()))).toEqual([1, 2])
  expect(await finishValue((async () => later())())).toEqual([1, 2])
})

/** Counts how often its body came to its end. */
function counting() {
  const ran = { count: 0 }
  function* predict(x: number) {
    yield x
    yield x + 1
    ran.count++
  }
  return { ran, predict }
}

test.each([
  ['predict', (predict: unknown) => ({ predict })],
  ['preprocess', (preprocess: unknown) => ({ preprocess, predict: (rows: unknown[]) => rows.length })],
] as const)('a generator as %s is timed with all that it does', async (_, moduleOf) => {
  const { ran, predict } = counting()
  const call = wholeCall(stepsOf(targetOf(moduleOf(predict), null), undefined))
  let ns = 0n
  const now = () => (ns += 1_000_000n)
  await timePasses({ call, samples: () => [1, 2], leastMs: 0, leastPasses: 1 }, now)
  expect(ran.count).toBe(2)
  await timeWithGaps({ call, samples: () => [1, 2], leastPasses: 1, gapMs: 0 }, now, async () => {})
  expect(ran.count).toBe(4)
})
