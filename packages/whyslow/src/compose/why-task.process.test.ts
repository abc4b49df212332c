import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { whyInTrial } from '@whyslow/fleet/queue/why-task.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import { afterAll, expect, test, vi } from 'vitest'
import { folders } from '../../../../test/measured/command.ts'
import { whyTask } from './why-task.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'whyslow-why-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a process of its own measures a model, and refuses what is none', async ({ onTestFinished }) => {
  // Its roofs are known.
  const { cache, remove } = folders()
  onTestFinished(remove)
  vi.stubEnv('XDG_CACHE_HOME', cache)
  const limits = { memoryBytes: null, signal: AbortSignal.timeout(300_000) }
  const file = path.join(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
  const options = { quick: true, seconds: 0.05, shapes: new Map<string, readonly number[]>(), batch: 2 }
  expect(await whyInTrial({ run: localTrials.run, task: whyTask }, { file, options }, limits)).toMatchObject({
    schema: 'whyslow-report/2',
    model: { file },
    latency: { p50Ms: expect.any(Number) },
  })
  const none = path.join(folder, 'none.onnx')
  writeFileSync(none, 'none')
  await expect(whyInTrial({ run: localTrials.run, task: whyTask }, { file: none, options }, limits)).rejects.toThrow(InputError)
}, 300_000)
