import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint, exampleTarget } from '../example-evidence.ts'
import { coldWorkers } from './cold-workers.ts'

const first = (latencyMs: number) => ({ target: exampleTarget({ first: { latencyMs, status: 200 } }) })
const point = examplePoint({ p90Ms: 30 })

test('found: the first takes ten times as long as most that follow', () => {
  expect(coldWorkers.check(exampleEvidence([point], {}, first(900)))?.detail).toMatch(
    /took 900 ms, 30 times the p90 .* \(30\.0 ms\)/,
  )
})

test('clear: it does not, or is short anyway', () => {
  expect(coldWorkers.check(exampleEvidence([point], {}, first(200)))).toBe(null)
  expect(coldWorkers.check(exampleEvidence([examplePoint({ p90Ms: 1 })], {}, first(60)))).toBe(null)
  expect(coldWorkers.check(exampleEvidence([point]))).toBe(null)
})

test('ten times the p90, and 100 ms', () => {
  const isFound = (firstMs: number, p90Ms: number) =>
    coldWorkers.check(exampleEvidence([examplePoint({ p90Ms })], {}, first(firstMs))) !== null
  expect([306, 294].map((firstMs) => isFound(firstMs, 30))).toEqual([true, false])
  expect([102, 98].map((firstMs) => isFound(firstMs, 1))).toEqual([true, false])
})
