import { InputError } from '@whyslow/graph/input-error.ts'
import { expect, test } from 'vitest'
import { examplePoint, exampleSetup, withParts } from '../../../test/support/load/example-evidence.ts'
import { type OtherSetup, otherSetups, tryAlternatives, waitingPoint } from './alternatives.ts'

const calm = withParts(examplePoint(), { queue: { slowest: 1, all: 0 }, compute: { slowest: 9, all: 8 } })
const waits = withParts(examplePoint({ offeredPerSecond: 60 }), {
  queue: { slowest: 9, all: 2 },
  compute: { slowest: 9, all: 8 },
})
const full = examplePoint({ offeredPerSecond: 200, saturated: true })

test('the rate at which requests wait', () => {
  expect(waitingPoint([calm, waits, full])).toBe(waits)
  expect(waitingPoint([calm, full, { ...full, offeredPerSecond: 400 }])).toBe(full)
  expect(waitingPoint([calm])).toBe(null)
  expect(waitingPoint([{ ...waits, offeredPerSecond: null, clients: 8 }])).toBe(null)
})

test('the other way to share the CPUs, and joining or not', () => {
  expect(otherSetups(exampleSetup({}), 2)).toEqual([
    { workers: 2, threads: 1, maxBatch: 'auto' },
    { workers: 1, threads: 2, maxBatch: 1 },
  ])
  expect(otherSetups(exampleSetup({ workers: 1, threadsPerWorker: 4, maxBatch: 8 }), 4)).toEqual([
    { workers: 1, threads: 4, maxBatch: 1 },
    { workers: 4, threads: 1, maxBatch: 8 },
  ])
  expect(otherSetups(exampleSetup({ workers: 1 }), 1)).toHaveLength(1)
  expect(otherSetups(exampleSetup({ engine: null }), 2)).toEqual([])
})

const others: OtherSetup[] = [
  { workers: 2, threads: 1, maxBatch: 8 },
  { workers: 1, threads: 2, maxBatch: 1 },
]
const ran: (number | 'auto' | null)[] = []
const run = async (other: OtherSetup | null) => {
  ran.push(other?.maxBatch ?? null)
  if (other?.maxBatch === 8) throw new InputError('--max-batch 8: m: rows know of each other', { advice: 'leave it out' })
  return { setup: exampleSetup({ workers: other?.workers ?? 2 }), point: other === null ? calm : full }
}

test('the command’s own set-up runs again after the others; what a model does not take is said', async () => {
  const tried = await tryAlternatives({ before: waits, others, run })
  expect(ran).toEqual([8, 1, null])
  expect(tried.alternatives).toEqual([{ setup: exampleSetup({ workers: 1 }), before: waits, point: full, after: calm }])
  expect(tried.notes).toEqual(['not tried: --max-batch 8: m: rows know of each other'])
  expect(await tryAlternatives({ before: waits, others: [others[0]!], run })).toMatchObject({ alternatives: [] })
})
