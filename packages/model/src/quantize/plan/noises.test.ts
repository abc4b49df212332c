import fs from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed } from '@whyslow/measure/support/trials/example-runner.ts'
import { expect, test } from 'vitest'
import { exampleBench, network } from '../../../test/support/quantize/plan/example-bench.ts'
import { noisesOf, samplesFor } from './noises.ts'

const tests = folderOfTests()
const newFolder = () => fs.mkdtempSync(path.join(tests, 'noises-'))

test.each([
  // 20 models of 5 ms: 100 ms a sample, in half of 1 s.
  [20, 5, 1000, 3],
  [20, 5, 400, 2],
  [50, 100, 4000, 1],
])('%d models of %d ms in %d ms: %d samples', (models, p50Ms, budgetMs, samples) => {
  expect(samplesFor(models, p50Ms, budgetMs)).toBe(samples)
})

test('models are written while the process predicts; those that it does not reach have no noise', async () => {
  const bench = exampleBench(newFolder(), { noise: () => 0.5 })
  const noises = await noisesOf(
    bench,
    network,
    [network, network].map((one) => () => one),
    1000,
  )
  expect(noises).toEqual([0, 0])
})

test('nothing more is written for a process that has ended', async () => {
  const bench = exampleBench(newFolder(), { script: { 'layer-errors': () => failed('no') } })
  let made = 0
  const makers = Array.from({ length: 50 }, () => () => {
    made++
    return network
  })
  expect(await noisesOf(bench, network, makers, 1000)).toEqual(makers.map(() => null))
  expect(made).toBeLessThan(5)
})
