import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint } from '../example-evidence.ts'
import { exampleRun } from '../example-queue.ts'
import { pointOf } from '../point.ts'
import { overloaded } from './overloaded.ts'

const full = (utilisation: number) => pointOf(exampleRun({ utilisation, fixed: true }))

// 150 arrive in a second and 100 are answered. That a rate above it was answered by chance says nothing against it.
test('found: the lowest rate that is too high, with what is answered at that rate', () => {
  const found = overloaded.check(
    exampleEvidence([full(3), full(1.5), examplePoint(), { ...examplePoint(), offeredPerSecond: 500 }]),
  )
  expect(found?.detail).toMatch(
    /^Of 150 requests\/s it answers 100, \d+ are outstanding at the end.* It keeps up with 30 requests\/s\.$/,
  )
  const [offered, answered] = found!.facts.map(({ value }) => value)
  expect([offered, Math.round(answered!)]).toEqual([150, 100])
})

test('found: requests are refused', () => {
  const saturation = { reason: 'sheds', backlogPerSecond: 0, backlogAtEnd: 0 } as const
  const point = examplePoint({ saturated: true, saturation, requests: 200, shed: 30 })
  expect(overloaded.check(exampleEvidence([point]))?.detail).toMatch(/, 15 % are refused, .* no percentiles\.$/)
})

test('clear: the server keeps up', () => {
  expect(overloaded.check(exampleEvidence([examplePoint()]))).toBe(null)
})
