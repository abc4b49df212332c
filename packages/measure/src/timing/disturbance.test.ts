import { readdirSync, readlinkSync } from 'node:fs'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import {
  compareWaits,
  garbageCollectionMs,
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

test('a watch gives finite numbers', async () => {
  const watch = startWatch()
  const watched = await watch.stop()
  for (const [name, value] of Object.entries(watched)) {
    if (typeof value === 'number') expect(value, name).toBeGreaterThanOrEqual(0)
  }
  expect(watched.waitedMaxMs).toBeLessThanOrEqual(watched.waitedMs)
})

test('garbage collections in the watched time are counted', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  v8.setFlagsFromString('--no-expose-gc')
  const watch = startWatch()
  collect()
  expect((await watch.stop()).gcMs).toBeGreaterThan(0)
})

test('those that begin before or after it are not', () => {
  const at = (...startsMs: number[]) => startsMs.map((startMs) => ({ startMs, durationMs: 3 }))
  expect(garbageCollectionMs(at(9.9, 10, 15, 20, 20.1), 10, 20)).toBe(9)
  expect(garbageCollectionMs([], 10, 20)).toBe(0)
})

test.runIf(process.platform === 'linux')('the reader reads threads that live, and outlives those that end', LINUX, async () => {
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true, execArgv: [] })
  await new Promise((resolve) => worker.once('online', resolve))
  const reader = waitReader()!
  const first = reader.read()
  expect(reader.read()).toBeGreaterThanOrEqual(first)
  await worker.terminate()
  expect(Number.isFinite(reader.read())).toBe(true)
  reader.close()
})

test.runIf(process.platform === 'linux')('ignored threads are not read, the main thread always is', LINUX, () => {
  const countOpen = () => readdirSync('/proc/self/fd').filter(isSchedstat).length
  // Of other tests in this process.
  const before = countOpen()
  const openFiles = () => countOpen() - before
  const all = waitReader()!
  expect(openFiles()).toBe(threads().length)
  all.close()
  const main = waitReader(threads())!
  expect(openFiles()).toBe(1)
  main.close()
  expect(openFiles()).toBe(0)
})

function isSchedstat(file: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${file}`).endsWith('/schedstat')
  } catch {
    // The listing itself had a file open.
    return false
  }
}
