import { expect, test } from 'vitest'
import { comparePrompts, prefixOf } from './prefix.ts'

/** Tokens `from`, from + 1, … */
const run = (from: number, count: number): number[] => Array.from({ length: count }, (_, k) => from + k)
const system = run(100, 40)

test('what two prompts begin with, and what they have in common anywhere', () => {
  expect(comparePrompts([...system, 1, 2], [...system, 3])).toEqual({ tokens: 41, commonTokens: 40, alikeTokens: 40 })
  // A date first: nothing in its place, all of it known.
  expect(comparePrompts([7, ...system], [8, 9, ...system, 3])).toEqual({ tokens: 43, commonTokens: 0, alikeTokens: 40 })
  expect(comparePrompts(run(0, 30), run(500, 30))).toEqual({ tokens: 30, commonTokens: 0, alikeTokens: 0 })
  expect(comparePrompts([], [1])).toEqual({ tokens: 1, commonTokens: 0, alikeTokens: 0 })
})

test('runs of eight are alike, and of seven by chance', () => {
  expect(comparePrompts([1, ...run(100, 8)], [2, ...run(100, 8)]).alikeTokens).toBe(8)
  expect(comparePrompts([1, ...run(100, 7)], [2, ...run(100, 7)]).alikeTokens).toBe(0)
})

test('of several calls the two that have most in common, without what was generated', () => {
  const call = (ids: readonly number[] | null, cachedTokens: number | null = 0) => ({
    ids: ids === null ? null : [...ids, 1000, 1001],
    promptTokens: ids === null ? null : ids.length,
    cachedTokens,
  })
  expect(prefixOf([call(run(0, 20)), call(run(500, 20)), call([...run(500, 20), 3], 12), call(run(0, 20))])).toEqual({
    ...{ tokens: 21, commonTokens: 20, alikeTokens: 20, cachedTokens: 12, different: null },
  })
  expect(prefixOf([call(run(0, 20)), call(null)])).toBeUndefined()
  expect(prefixOf([])).toBeUndefined()
})

test('a prompt that came again because there were no more is no pair', () => {
  const call = (ids: readonly number[]) => ({ ids, promptTokens: ids.length, cachedTokens: 0 })
  const [one, longer] = [run(0, 20), run(0, 25)]
  expect(prefixOf([call(one), call(one), call(one)])).toBeUndefined()
  expect(prefixOf([call(one), call(one), call(longer)])).toMatchObject({ tokens: 25, commonTokens: 20 })
})
