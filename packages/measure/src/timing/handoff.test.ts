import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { effectiveClock, measureHandoff } from './handoff.ts'

/** The threads that are started meanwhile. */
async function startedBy(work: () => Promise<unknown>): Promise<readonly Worker[]> {
  const workers: Worker[] = []
  const add = (worker: Worker) => workers.push(worker)
  process.on('worker', add)
  await work()
  process.off('worker', add)
  return workers
}

test('there is no handoff on one CPU, and no thread is started', async () => {
  const workers = await startedBy(async () => expect(await measureHandoff(5, { usableCpus: 1 })).toBeNull())
  expect(workers).toEqual([])
})

test('two threads play, and end with the measurement', async () => {
  // So patient, and in such short batches, that other processes on the second CPU do not end it. It takes longer than one load and one store.
  const patient = { usableCpus: 2, patienceMs: 20_000, roundTrips: 1 }
  const workers = await startedBy(async () => expect(await measureHandoff(300, patient)).toBeGreaterThan(1))
  // What has ended has no id.
  expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1])
})

test('the clock is a positive, finite rate', () => {
  const clock = effectiveClock()
  expect(clock).toBeGreaterThan(0)
  expect(Number.isFinite(clock)).toBe(true)
})
