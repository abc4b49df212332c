import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import {
  compareWaits,
  parseRunQueueNs,
  parseStealTicks,
  startWatch,
  threads,
  waitReader,
  withoutThrottling,
} from './disturbance.ts'

test('schedstat: the second number is the wait', () => {
  expect(parseRunQueueNs('1066993 4200 17\n')).toBe(4200)
  expect(parseRunQueueNs('')).toBeNull()
})

test('waits: new threads count from zero, ended threads are lost, the longest is told apart', () => {
  const before = new Map([
    ['1', 5e6],
    ['2', 1e6],
    ['3', 9e6],
  ])
  const after = new Map([
    ['1', 7e6],
    ['2', 1e6],
    ['4', 3e6],
  ])
  // Thread 1 waited 2 ms, thread 2 none, thread 4 all of its 3 ms.
  expect(compareWaits(before, after)).toEqual({ sumMs: 5, maxMs: 3 })
})

test('a thread that a quota stops waits as well, and is counted once', () => {
  expect(withoutThrottling({ sumMs: 277, maxMs: 260 }, 207)).toEqual({ waitedMs: 70, waitedMaxMs: 70 })
  expect(withoutThrottling({ sumMs: 10, maxMs: 6 }, 0)).toEqual({ waitedMs: 10, waitedMaxMs: 6 })
  // A group's throttled time counts its other processes too.
  expect(withoutThrottling({ sumMs: 10, maxMs: 6 }, 500)).toEqual({ waitedMs: 0, waitedMaxMs: 0 })
  expect(withoutThrottling(null, 0)).toEqual({ waitedMs: 0, waitedMaxMs: 0 })
})

test('steal: field 8, of the CPUs that may be used', () => {
  const stat = ['cpu  9 9 9 9 9 9 9 99 0 0', 'cpu0 1 0 1 5 0 0 0 7 0 0', 'cpu1 1 0 1 5 0 0 0 40 0 0', 'cpu10 1 0 1 5 0 0 0 3 0 0']
  expect(parseStealTicks(stat.join('\n'), [0, 10])).toBe(10)
  expect(parseStealTicks(stat.join('\n'), [1])).toBe(40)
  expect(parseStealTicks('', [0])).toBeNull()
})

test('a watch gives finite numbers and names what the system does not tell', async () => {
  const watch = startWatch()
  await sleep(5)
  const watched = await watch.stop()
  for (const [name, value] of Object.entries(watched)) {
    if (typeof value === 'number') expect(value, name).toBeGreaterThanOrEqual(0)
  }
  expect(watched.waitedMaxMs).toBeLessThanOrEqual(watched.waitedMs)
  expect(watched.wallMs).toBeGreaterThan(0)
  if (process.platform !== 'linux') expect(watched.notTold).toContain('waitedMs')
})

test('garbage collections in the watched time are counted, later ones are not', async () => {
  const watch = startWatch()
  let kept: unknown[] = []
  for (let round = 0; round < 200; round++)
    kept = Array.from({ length: 20_000 }, (_, at) => ({ at, kept: round % 50 ? null : kept }))
  expect((await watch.stop()).gcMs).toBeGreaterThan(0)
  expect(kept).toHaveLength(20_000)
})

test.runIf(process.platform === 'linux')('the reader follows threads that come and go, and rises only', async () => {
  const reader = waitReader()!
  const first = reader.read()
  const threads = reader.threads
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true, execArgv: [] })
  await new Promise((resolve) => worker.once('online', resolve))
  reader.refresh()
  expect(reader.threads).toBeGreaterThan(threads)
  expect(reader.read()).toBeGreaterThanOrEqual(first)
  await worker.terminate()
  expect(Number.isFinite(reader.read())).toBe(true)
  reader.refresh()
  expect(reader.costUs).toBeGreaterThan(0)
  reader.close()
  expect(reader.threads).toBe(0)
})

test.runIf(process.platform === 'linux')('ignored threads are not read, the main thread always is', () => {
  const reader = waitReader(threads())!
  expect(reader.threads).toBe(1)
  reader.close()
})
