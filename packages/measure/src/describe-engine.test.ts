// Whether an engine is installed, on scripted trials: whatever becomes of the process, there is an answer.
import { describe, expect, test } from 'vitest'
import { failed, measured, scriptedRunner } from '../test/support/trials/example-runner.ts'
import { describeEngine } from './describe-engine.ts'
import type { Availability, EnginePlaces } from './engines/types.ts'
import type { Trial } from './trials/port.ts'

const here: Availability = { ok: true, version: '1.0', device: 'cpu', deviceKind: 'cpu', from: '/here', accelerators: [] }

async function described(
  trial: Trial<Availability>,
  engine = 'ort-cpu',
  places: Partial<EnginePlaces> = {},
  signal?: AbortSignal,
) {
  const runner = scriptedRunner({ engine: () => trial })
  return { found: await describeEngine(runner.run, engine, { packageFrom: '/folder', ...places }, signal), asked: runner.asked }
}

test('is what the engine says, whether it is here or not', async () => {
  expect((await described(measured(here))).found).toEqual(here)
  const absent: Availability = { ok: false, reason: 'no package', fix: 'npm install it' }
  expect((await described(measured(absent))).found).toEqual(absent)
})

test('is asked in a process, with the places that were given', async () => {
  const { signal } = new AbortController()
  expect((await described(measured(here), 'browser-wasm', { browser: '/chrome' }, signal)).asked).toEqual([
    {
      task: 'engine',
      input: { engine: 'browser-wasm', packageFrom: '/folder', browser: '/chrome' },
      limits: { timeMs: 60_000, memoryBytes: null, signal },
    },
  ])
  expect((await described(measured(here))).asked[0]!.input).toEqual({ engine: 'ort-cpu', packageFrom: '/folder' })
})

describe('an engine that ends its process', () => {
  test.each<[string, Trial<Availability>, string]>([
    ['by a crash', { outcome: 'crashed', reason: 'SIGILL' }, 'SIGILL'],
    ['by hanging', { outcome: 'timed-out', limitMs: 60_000 }, 'it does not load within 60 s'],
    ['by an error', failed('not a library'), 'not a library'],
  ])('%s is not here, with the reason and what to do', async (_, trial, reason) => {
    expect((await described(trial)).found).toEqual({
      ok: false,
      reason,
      fix: 'install it again: npm install onnxruntime-node',
    })
  })

  test('is mended by its own package', async () => {
    const fix = async (engine: string) => ((await described(failed('no'), engine)).found as { fix: string }).fix
    expect(await fix('ort-wasm')).toMatch(/onnxruntime-web$/)
    expect(await fix('browser-webgpu')).toMatch(/onnxruntime-web$/)
    expect(await fix('ort-cuda')).toMatch(/onnxruntime-node$/)
    expect(await fix('openvino')).toMatch(/pip install openvino/)
  })
})

test('an aborted run is no answer', async () => {
  await expect(described(measured(here), 'ort-cpu', {}, AbortSignal.abort())).rejects.toThrow()
})
