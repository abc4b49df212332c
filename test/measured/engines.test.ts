// The main job on every engine of this machine but ort-cpu, which has its own tests; and what a browser leaves behind: nothing.
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { engineById } from '@whyslow/measure/engines/index.ts'
import type { EnginesDocument } from '@whyslow/report/documents/engines.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { ROOT } from '../root.ts'
import { fixture, folders, onlyFull, ownFolders, start, whyslow } from './command.ts'

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (!existsSync('/dev/dri') && existsSync(SWIFTSHADER) && process.env.VK_DRIVER_FILES === undefined)
  vi.stubEnv('VK_DRIVER_FILES', SWIFTSHADER)

const where = folders()
afterAll(() => where.remove())

const listed = JSON.parse((await whyslow(where, 'engines', '--json', '-')).stdout) as EnginesDocument
const isHere = (id: string): boolean => listed.engines.find((engine) => engine.id === id)?.here === true

test('engines: those that are here say on what, the others why and how to get them', () => {
  for (const { id, here, version, device, reason, fix } of listed.engines) {
    expect([id, here ? version && device : reason && fix]).toEqual([id, expect.stringMatching(/\S/)])
  }
  expect(isHere('ort-cpu')).toBe(true)
  expect(where.left()).toEqual([])
})

const others = listed.engines.filter(({ id }) => id !== 'ort-cpu')

const readsOnnx = (id: string): boolean => engineById(id)!.formats.includes('onnx')

/** What an engine takes: code is written for rows alone. */
const modelOf = (id: string): string => fixture(id === 'compiled' ? 'credit_mlp' : 'if-subgraph')

const threads = (id: string): string[] => (id.endsWith('wasm') ? ['--threads', '2'] : [])

describe.concurrent.each(others.filter(({ id }) => !readsOnnx(id)))('$id', ({ id, here, reason, fix }) => {
  test('refuses a model of another format in one line', async (context) => {
    if (!here) context.skip(`${reason}; ${fix}`)
    const where = ownFolders(context)
    const ended = await whyslow(where, fixture('if-subgraph'), '--engine', id)
    expect([ended.status, ended.stdout]).toEqual([2, ''])
    // An engine whose format can be written is given that; this model is one that cannot.
    expect(ended.stderr).toMatch(
      /^whyslow: .*if-subgraph\.onnx: (\S+ reads \S+ alone, and this is onnx; .*|If 'if' cannot be written as (TFLite|TensorFlow\.js): .*)\n$/,
    )
    expect(where.left()).toEqual([])
  })
})

test.concurrent('a Keras model is measured on TensorFlow.js, and its tensors are counted', async (context) => {
  if (!isHere('tfjs-wasm')) context.skip('TensorFlow.js is not here')
  const where = ownFolders(context)
  const model = join(ROOT, 'fixtures/formats/keras/k2-sequential.h5')
  const argv = [model, '--engine', 'tfjs-wasm', '--quick', '--duration', '0.3', '--json', '-']
  const ended = await whyslow(where, ...argv)
  expect(ended.status, ended.stderr).toBe(0)
  const report = JSON.parse(ended.stdout) as ReportDocument
  expect(report.engine!.id).toBe('tfjs-wasm')
  expect(report.model).toMatchObject({ file: model, format: 'hdf5' })
  expect(report.latency!.p50Ms).toBeGreaterThan(0)
  expect(report.clear).toContain('undisposed-tensors')
  expect(where.left()).toEqual([])
})

describe.concurrent.each(others.filter(({ id }) => readsOnnx(id)))('$id', ({ id, here, reason, fix, deviceKind }) => {
  test('measures, and says what it cannot check and why', async (context) => {
    if (!here) context.skip(`${reason}; ${fix}`)
    if (id.startsWith('browser')) onlyFull(context, 'each process of theirs starts a browser')
    if (deviceKind === 'software-gpu') onlyFull(context, 'a software adapter compiles its shaders for seconds')
    const where = ownFolders(context)
    const ended = await whyslow(where, modelOf(id), '--engine', id, ...threads(id), '--quick', '--duration', '0.3', '--json', '-')
    expect(ended.status, ended.stderr).toBe(0)
    const report = JSON.parse(ended.stdout) as ReportDocument
    expect(report.latency!.p50Ms).toBeGreaterThan(0)
    expect(report.engine).toMatchObject({ id, deviceKind })
    if (id.endsWith('wasm')) expect(report.engine!.options).toMatchObject({ threads: 2, threadsInUse: 2 })
    const reasons = Object.fromEntries(report.notChecked.map(({ rule, reason }) => [rule, reason]))
    expect(reasons['compute-bound-operators']).toMatch(/ort-cpu|no times of nodes/)
    if (deviceKind === 'software-gpu') expect(reasons['transfer-bound']).toMatch(/nothing there holds for a GPU/)
    if (id.endsWith('webgpu')) {
      expect(report.device).toMatchObject({ nodesOnDevice: expect.any(Number), needsCpu: expect.any(Boolean) })
      const kernels = report.device!.operators?.reduce((sum, { timeMs }) => sum + timeMs, 0) ?? null
      expect(kernels).toEqual(report.device!.kernelsMs === null ? null : expect.closeTo(report.device!.kernelsMs))
    } else {
      expect(report.doesNotApply).toContain('shader-compilation')
    }
    expect(where.left()).toEqual([])
  })
})

test('Ctrl-C ends the browser and takes its profile away', async ({ skip }) => {
  if (!isHere('browser-wasm')) skip('there is no browser')
  const { child, ended } = start(where, [fixture('if-subgraph'), '--engine', 'browser-wasm', '--quick'])
  const profile = () =>
    readdirSync(where.temporary, { recursive: true }).some((name) => basename(String(name)).startsWith('whyslow-browser'))
  await expect.poll(profile, { timeout: 60_000, interval: 50 }).toBe(true)
  child.kill('SIGINT')
  expect((await ended).status).toBe(130)
  expect(where.left()).toEqual([])
})
