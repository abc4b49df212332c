import { expect, test } from 'vitest'
import { betterAlternative, exampleEvidence, examplePoint, exampleSetup, worseAlternative } from '../example-evidence.ts'
import { batchingHurts } from './batching-hurts.ts'

const check = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  batchingHurts.check(exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives }))

test('found: without it the same arrivals are answered earlier', () => {
  const found = check({ maxBatch: 8 }, betterAlternative({ maxBatch: 1 }))
  expect(found?.detail).toMatch(/^At 30 requests\/s the mean is 5\.00 ms so; .* Leave out --max-batch\.$/)
  expect(found?.facts[0]).toEqual({ name: 'mean so', value: 5, unit: 'ms' })
})

test('clear: they are not, nothing is joined, or nothing else was tried', () => {
  expect(check({ maxBatch: 8 }, worseAlternative({ maxBatch: 1 }))).toBe(null)
  expect(check({ maxBatch: 1 }, betterAlternative({ maxBatch: 1, workers: 1 }))).toBe(null)
  expect(check({ maxBatch: 8 })).toBe(null)
})
