// The start of a server whose worker opens its model when it is told to.
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../../../../test/support/port.ts'
import { type ServerOptions, startServer } from './server.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-server-test-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** Opens when its file is there, and not where that says why not. */
const WORKER = `
import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
const { modelFile } = workerData
while (!fs.existsSync(modelFile)) await new Promise((resolve) => setTimeout(resolve, 5))
const reason = fs.readFileSync(modelFile, 'utf8')
parentPort.on('message', ({ id }) => parentPort.postMessage({ id, results: null, error: 'nothing', startedMs: 0, endedMs: 0 }))
parentPort.postMessage(reason === '' ? { ok: true, inputs: [], outputs: [] } : { ok: false, reason })
`

/** Predicts for many seconds in native code, which no thread can be ended in: longer than the test, however busy the machine is. */
const NATIVE = `
import { spawnSync } from 'node:child_process'
import { parentPort } from 'node:worker_threads'
let warm = false
parentPort.on('message', ({ id }) => {
  if (warm) spawnSync('sleep', ['15'])
  warm = true
  parentPort.postMessage({ id, results: null, error: 'nothing', startedMs: 0, endedMs: 0 })
})
parentPort.postMessage({ ok: true, inputs: [], outputs: [] })
`

const options = (name: string, port: number): ServerOptions => ({
  task: {
    engine: '',
    modelFile: path.join(folder, name),
    options: { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null },
    shipped: null,
  },
  threadFile: new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`),
  workers: 1,
  specOf: () => ({
    name: 'm',
    version: null,
    platform: 'p',
    inputs: [{ name: 'x', datatype: 'FP32', dtype: 'float32', shape: [1] }],
    outputs: [],
  }),
  host: '127.0.0.1',
  port,
  queueLimit: 1,
  settle: null,
  grpc: null,
  timeoutMs: null,
  stuckAfterMs: 60_000,
  allowedHosts: [],
  codecThreadFile: null,
  mostBodyBytes: 1000,
  version: '0',
  log: () => {},
})

/** The end waits for connections that are kept. */
const ONCE = { headers: { connection: 'close' } }

test('while the model is opened it is live and not ready, and refuses what else it is asked', async () => {
  const port = await freePort()
  const asked = async (at: string, init?: RequestInit) => {
    const answer = await fetch(`http://127.0.0.1:${port}${at}`, { ...init, ...ONCE })
    return [answer.status, await answer.json()]
  }
  const starting = startServer(options('slow', port))
  await expect.poll(() => asked('/v2/health/live').catch(() => null)).toEqual([200, { live: true }])
  expect(await asked('/v2/health/ready')).toEqual([503, { ready: false }])
  for (const [at, init] of [
    ['/v2/models/m', undefined],
    ['/v2/models/m/infer', { method: 'POST', body: 'x'.repeat(100_000) }],
  ] as const)
    expect(await asked(at, init)).toEqual([503, { error: 'the server starts; try again later' }])
  fs.writeFileSync(path.join(folder, 'slow'), '')
  const server = await starting
  expect(await asked('/v2/health/ready')).toEqual([200, { ready: true }])
  await server.close()
})

test('a port that is taken is told before the model is opened, and a model that does not open frees the port', async () => {
  const port = await freePort()
  const other = net.createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  await expect(startServer(options('never', port))).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(/something listens there already/),
  })
  other.close()
  await once(other, 'close')
  fs.writeFileSync(path.join(folder, 'broken'), 'no model')
  await expect(startServer(options('broken', port))).rejects.toThrow('the engine does not open the model: no model')
  await expect(fetch(`http://127.0.0.1:${port}/v2/health/live`)).rejects.toThrow()
})

test('workers that hang in native code: 504 at the deadline, not ready, and the end comes in time', async () => {
  const threadFile = new URL(`data:text/javascript,${encodeURIComponent(NATIVE)}`)
  const server = await startServer({ ...options('none', 0), threadFile, timeoutMs: 100, stuckAfterMs: 500 })
  const get = async (at: string) => (await fetch(`${server.address}${at}`)).status
  expect(await get('/v2/health/ready')).toBe(200)
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] })
  const asked = await fetch(`${server.address}/v2/models/m/infer`, { method: 'POST', body })
  expect([asked.status, ((await asked.json()) as { error: string }).error]).toEqual([
    504,
    expect.stringMatching(/deadline passed/),
  ])
  // One that waits behind it has a deadline, too.
  expect((await fetch(`${server.address}/v2/models/m/infer`, { method: 'POST', body })).status).toBe(504)
  await expect.poll(() => get('/v2/health/ready')).toBe(503)
  expect(await get('/v2/health/live')).toBe(200)
  expect(await server.close(100)).toBe(false)
  await expect(fetch(`${server.address}/v2/health/live`)).rejects.toThrow()
})
