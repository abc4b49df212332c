import fs from 'node:fs'
import path from 'node:path'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { lossOf, userMetric } from './metric.ts'

afterAll(removeMade)
const folder = scratch()

/** In this process: what a trial's process would answer. */
const run: RunTrial = async (task, input) => {
  try {
    return { outcome: 'measured', value: await task.run(input) }
  } catch (error) {
    return { outcome: 'failed', reason: (error as Error).message }
  }
}
let files = 0
const metricOf = (code: string, prompts = ['2+2?', '3+3?']) => {
  const file = path.join(folder, `score-${files++}.mjs`)
  fs.writeFileSync(file, code)
  return userMetric(file, prompts, run, { timeMs: 1000, memoryBytes: null })
}

test('is given prompts with their answers, and may take its time', async () => {
  const metric = await metricOf(
    'export default async (answers) => answers.filter(({ prompt, text }) => text === (prompt[0] === "2" ? "4" : "6")).length / answers.length',
  )
  expect(metric).toMatchObject({ name: 'score-0.mjs', count: 2 })
  expect(await metric.score(['4', '7'])).toEqual({ value: 0.5, lowerIsBetter: false })
})

test('is given no more than a hundred prompts', async () => {
  const metric = await metricOf('export default (answers) => answers.length', Array(101).fill('2+2?'))
  expect([metric.count, (await metric.score(Array(101).fill('4'))).value]).toEqual([100, 100])
})

test('a loss is what gets worse, whichever way that is', async () => {
  const errors = await metricOf('export const lowerIsBetter = true; export default (answers) => answers[0].text.length')
  const [before, after] = [await errors.score(['a', '']), await errors.score(['abc', ''])]
  expect(lossOf(before, after)).toBe(2)
  expect(lossOf({ ...before, lowerIsBetter: false }, { ...after, lowerIsBetter: false })).toBe(-2)
})

describe('what is no metric is one line', () => {
  test.each([
    ['export const score = 1', /score-\d+\.mjs: it has no default export that is a function; give a module like/],
    ['throw new Error("no\\nway")', /score-\d+\.mjs: no; give a module/],
    ['export default (', /score-\d+\.mjs: .*; give a module/],
  ])('%s, before anything is scored', async (code, message) => {
    const failed = metricOf(code)
    await expect(failed).rejects.toThrow(message)
    await expect(failed).rejects.toMatchObject({ name: 'InputError' })
  })

  test.each([
    ['() => NaN', /it gave NaN, not a finite number/],
    ['() => "good"', /it gave a value of type string/],
    ['() => { throw new Error("no key") }', /--metric .*: no key; give/],
  ])('%s', async (code, message) => {
    const metric = await metricOf(`export default ${code}`)
    await expect(metric.score(['', ''])).rejects.toThrow(message)
  })

  test('no file', async () => {
    const missing = userMetric(path.join(folder, 'none.mjs'), ['a'], run, { timeMs: 1000, memoryBytes: null })
    await expect(missing).rejects.toThrow(/none\.mjs: no such file/)
  })
})
