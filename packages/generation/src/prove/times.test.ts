import { expect, test } from 'vitest'
import { ruleGenerator } from '../../test/support/rule-generator.ts'
import type { Generation, GenerationRequest } from '../generator.ts'
import { costCurve, timesOf } from './times.ts'

const generation = (...atMs: number[]): Generation => ({
  tokens: atMs.map((at) => ({ id: 1, text: '', atMs: at })),
  ...{ promptTokens: 1, cachedTokens: 0, generatedTokens: atMs.length, ended: 'length', totalMs: atMs.at(-1) ?? 0, parts: {} },
})

test('one token has no time between tokens', async () => {
  const generator = { ...ruleGenerator(), generate: async () => generation(50) }
  await expect(timesOf(generator, [[1], [2]], 1)).rejects.toThrow('takes two')
})

test('the first call is apart, the others are a median', async () => {
  const script = [generation(900, 1000), generation(50, 60), generation(70, 100), generation(60, 75)]
  const asked: number[] = []
  const generate = async ({ newTokens }: GenerationRequest) => {
    asked.push(newTokens)
    return script.shift()!
  }
  expect(await timesOf({ ...ruleGenerator(), generate }, [[1], [2], [3], [4]], 16)).toEqual({
    coldFirstMs: 900,
    firstMs: 60,
    perTokenMs: 15,
  })
  expect(asked).toEqual([4, 16, 16, 16])
})

test('the curve feeds at one depth, again and again', async () => {
  const generator = ruleGenerator()
  const curve = await costCurve(generator, [1, 2, 3])
  expect(curve.map(({ tokens }) => tokens)).toEqual([1, 2, 4, 8])
  expect(curve[0]!.ratio).toBe(1)
  expect(generator.calls.filter((length) => length === 8)).toHaveLength(7)
})
