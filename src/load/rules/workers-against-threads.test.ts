import { expect, test } from 'vitest'
import { betterAlternative, exampleEvidence, examplePoint, exampleSetup, worseAlternative } from '../example-evidence.ts'
import { workersAgainstThreads } from './workers-against-threads.ts'

const check = (setup: Parameters<typeof exampleSetup>[0], ...alternatives: ReturnType<typeof betterAlternative>[]) =>
  workersAgainstThreads.check(exampleEvidence([examplePoint()], {}, { setup: exampleSetup(setup), alternatives }))

test('found: the other way to share the CPUs does better', () => {
  const found = check({ workers: 1, threadsPerWorker: 2 }, betterAlternative({ workers: 2, threadsPerWorker: 1 }))
  expect(found?.title).toMatch(/^Predictions side by side do more/)
  expect(found?.detail).toMatch(/^With --workers 2 --threads 1 it does better\./)
  expect(check({ workers: 2 }, betterAlternative({ workers: 1, threadsPerWorker: 2 }))?.title).toMatch(
    /^Threads of one prediction/,
  )
})

test('clear: it does not, or was not tried', () => {
  expect(check({ workers: 2 }, worseAlternative({ workers: 1 }))).toBe(null)
  expect(check({ workers: 2 }, betterAlternative({ workers: 2, maxBatch: 8 }))).toBe(null)
  expect(check({ workers: 2 })).toBe(null)
})
