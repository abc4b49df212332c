import { expect, test } from 'vitest'
import { betterAlternative, exampleEvidence, examplePoint, exampleSetup, worseAlternative } from '../example-evidence.ts'
import { batchHeadroomUnderLoad } from './batch-headroom-under-load.ts'

const check = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  batchHeadroomUnderLoad.check(exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives }))

test('found: joined, the same arrivals are answered earlier', () => {
  const found = check({}, betterAlternative({ maxBatch: 8 }))
  expect(found?.detail).toMatch(/^With --max-batch 8 it does better\. At 30 requests\/s the mean is 5\.00 ms so/)
})

test('clear: they are not, are joined already, or other workers would do it', () => {
  expect(check({}, worseAlternative({ maxBatch: 8 }))).toBe(null)
  expect(check({ maxBatch: 8 }, betterAlternative({ maxBatch: 8 }))).toBe(null)
  expect(check({ workers: 2 }, betterAlternative({ maxBatch: 8, workers: 1 }))).toBe(null)
})
