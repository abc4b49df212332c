import { expect, test } from 'vitest'
import { exampleServer, withParts } from '../../test/support/load/example-evidence.ts'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { flowLaw, littlesLaw, throughputBound, utilisationLaw } from './laws.ts'
import { pointOf } from './point.ts'
import { OUTCOME } from './records.ts'

test('hold in runs against known queues, whoever crosses the edges', () => {
  for (const utilisation of [0.3, 0.85, 1.3]) {
    const { laws = [] } = pointOf(exampleRun({ utilisation, measuredMs: 3000 }))
    expect(laws.map(({ law }) => law)).toEqual(['little', 'flow'])
    for (const { ok, expected, measured } of laws) {
      expect(ok).toBe(true)
      expect(measured).toBeCloseTo(expected, 6)
    }
  }
})

test('a request that is lost, or has two ends, is seen', () => {
  expect(flowLaw({ requests: 10, answered: 8, errors: 1 }, 1).ok).toBe(true)
  expect(flowLaw({ requests: 10, answered: 8, errors: 1 }, 0)).toMatchObject({ expected: 10, measured: 9, ok: false })
})

test('a queue that is counted wrong is seen by Little’s law', () => {
  const run = exampleRun({ utilisation: 0.6, measuredMs: 3000 })
  const queue = { leastOutstanding: [], meanOutstanding: 0, mostOutstanding: 0, outstandingAtEnd: 0, completed: 0, series: [] }
  const { expected } = littlesLaw(run, queue)!
  expect(littlesLaw(run, { ...queue, meanOutstanding: 1.03 * expected })!.ok).toBe(false)
  expect(littlesLaw(run, { ...queue, meanOutstanding: 1.01 * expected })!.ok).toBe(true)
})

test('requests that are still pending are outstanding to the end', () => {
  const run = exampleRun({ utilisation: 1.3, measuredMs: 3000 })
  run.records.outcome.fill(OUTCOME.pending, run.sent - 20, run.sent)
  expect(pointOf(run).laws!.every(({ ok }) => ok)).toBe(true)
})

const parts = { compute: { all: 8, slowest: 8 }, 'hand-over': { all: 2, slowest: 2 } }
const point = { ...withParts(pointOf(exampleRun({ utilisation: 0.5, measuredMs: 2000 })), parts), achievedPerSecond: 50 }

test('how busy workers are is the same by what clients are told and by their own count', () => {
  const law = (workerMsPerRequest: number | null, meanTogether = 1) =>
    utilisationLaw(point, exampleServer({ workerMsPerRequest, meanTogether }), 2)
  // 50 requests/s of 10 ms on two workers.
  expect(law(10)).toMatchObject({ expected: 0.25, measured: 0.25, ok: true })
  expect(law(13)).toMatchObject({ measured: 0.325, ok: false })
  expect(law(5, 2)).toMatchObject({ expected: 0.125, measured: 0.125, ok: true })
  expect(law(null)).toBe(null)
  expect(utilisationLaw({ ...point, parts: null }, exampleServer({ workerMsPerRequest: 10 }), 2)).toBe(null)
})

test('a closed loop shows no more than workers that are never idle give', () => {
  const bound = (achievedPerSecond: number) =>
    throughputBound({ ...point, clients: 8, achievedPerSecond }, exampleServer({ workerMsPerRequest: 10 }), 2)
  expect(bound(190)).toMatchObject({ expected: 200, ok: true })
  expect(bound(230)!.ok).toBe(false)
  expect(throughputBound(point, exampleServer({ workerMsPerRequest: 10 }), 2)).toBe(null)
})
