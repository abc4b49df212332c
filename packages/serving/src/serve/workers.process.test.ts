// Workers that hang, in JavaScript and in native code, and one that fails beside its predictions.
import { setEnvironmentData } from 'node:worker_threads'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { afterEach, expect, test } from 'vitest'
import { createDispatcher } from './dispatcher.ts'
import { startWorkers, type Workers } from './workers.ts'

/** By the first number of x: 1 never returns, 2 is in native code for 8 s, 3 fails on its own, 4 does as 'hangs' says when its thread starts. */
const WORKER = `
import { spawnSync } from 'node:child_process'
import { getEnvironmentData, parentPort } from 'node:worker_threads'
parentPort.on('message', ({ id, requests }) => {
  const [what] = requests[0].x.data
  if (what === 1) for (;;);
  if (what === 2) spawnSync('sleep', ['8'])
  if (what === 4 && getEnvironmentData('hangs') === 'loop') for (;;);
  if (what === 4 && getEnvironmentData('hangs') === 'native') spawnSync('sleep', ['13'])
  if (what === 3) throw new Error('the driver is gone')
  parentPort.postMessage({ id, results: requests.map(({ x }) => ({ y: x })), error: null, startedMs: 0, endedMs: 1 })
})
parentPort.postMessage({ ok: true, inputs: [], outputs: [] })
`
const feeds = (what: number): Feeds => ({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(what) } })

let workers: Workers
const setUp = async (count: number, stuckAfterMs = 200) => {
  const logged: Readonly<Record<string, unknown>>[] = []
  const dispatcher = createDispatcher(10, nowMs)
  workers = await startWorkers({
    task: {
      ...{ engine: '', modelFile: '', shipped: null },
      options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
    },
    threadFile: new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`),
    ...{ count, dispatcher, stuckAfterMs },
    log: (entry) => logged.push(entry),
  })
  return { dispatcher, logged, ask: (what: number) => dispatcher.submit(feeds(what), null).answer }
}
afterEach(() => {
  setEnvironmentData('hangs', undefined)
  return workers.close()
})
const until = (what: () => unknown) => expect.poll(what)

test('a prediction that hangs is answered, and its worker started again', async () => {
  const { ask, logged } = await setUp(1)
  await expect(ask(1)).rejects.toMatchObject({ status: 504, message: expect.stringMatching(/did not finish within/) })
  expect(workers.ready()).toBe(0)
  await until(() => workers.ready()).toBe(1)
  expect((await ask(0)).results.y!.data).toEqual(Float32Array.of(0))
  expect(workers.restarts()).toBe(1)
  expect(logged.map(({ message }) => message)).toEqual([
    'a prediction hangs: its worker is ended',
    'a worker ended and is started again',
    'a worker is ready again',
  ])
})

test('a worker in native code cannot be ended: another one takes its place, and it is not ready until then', async () => {
  const { ask, dispatcher, logged } = await setUp(2)
  const hangs = ask(2)
  await expect(hangs).rejects.toMatchObject({ status: 504 })
  expect([workers.ready(), dispatcher.running]).toEqual([1, 0])
  expect((await ask(0)).results.y!.data).toEqual(Float32Array.of(0))
  await until(() => workers.ready()).toBe(2)
  expect(logged.map(({ message }) => message)).toContain('a worker that hangs cannot be ended: another is started next to it')
  // It ends when its call returns, and is not started a second time.
  await workers.close()
  expect(workers.restarts()).toBe(1)
}, 60_000)

test('the log says why a worker ended', async () => {
  const { ask, logged } = await setUp(1, 60_000)
  await expect(ask(3)).rejects.toMatchObject({ status: 500 })
  expect(logged[0]).toEqual({
    ...{ level: 'warn', message: 'a worker ended and is started again', code: 1, error: 'the driver is gone' },
  })
})

test('a worker that hangs in its first prediction after a restart is ended, and started again', async () => {
  const { ask, logged } = await setUp(1)
  await workers.warmUp(feeds(4))
  setEnvironmentData('hangs', 'loop')
  // It is asked again of the next worker, which ends, too.
  const failed = expect(ask(3)).rejects.toMatchObject({ status: 500 })
  const messages = () => logged.map(({ message }) => message)
  await until(messages).toContain('the first prediction hangs: its worker is ended')
  setEnvironmentData('hangs', undefined)
  await failed
  await until(() => workers.ready()).toBe(1)
  expect((await ask(0)).results.y!.data).toEqual(Float32Array.of(0))
  expect(messages().at(-1)).toBe('a worker is ready again')
}, 60_000)

test('of workers that hang there in native code no more are started than there are workers', async () => {
  const { ask, logged } = await setUp(1)
  await workers.warmUp(feeds(4))
  setEnvironmentData('hangs', 'native')
  void ask(3).catch(() => {})
  const messages = () => logged.map(({ message }) => message)
  await until(messages).toContain('a worker that hangs cannot be ended: it is lost; restart the server')
  expect(messages().filter((message) => /^the first prediction hangs/.test(String(message)))).toHaveLength(2)
  expect([workers.restarts(), workers.ready()]).toEqual([2, 0])
  await workers.close()
  expect(workers.restarts()).toBe(2)
}, 60_000)
