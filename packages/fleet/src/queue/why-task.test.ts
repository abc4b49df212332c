import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { given } from '../../test/support/queue/example-agent.ts'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { measureJob } from './agent-command.ts'
import { folderStore } from './file-store.ts'
import { makeJob } from './job.ts'
import { keep } from './model-store.ts'
import { defineWhyTask, type WhyAnswer } from './why-task.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'whyslow-why-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const report = exampleReport(exampleMachine('here'))
const store = folderStore(path.join(folder, 'store'))
const bytes = 2 ** 20
const look = async () => ({ busyShare: 0, stolenShare: 0, waitedShare: null, clock: 1 })

const task = defineWhyTask(import.meta.url, { why: () => Promise.reject(new Error('read in this process')) })

/** What comes of a trial of a model that is not one: who reads it in this process throws. */
async function measured(trial: Trial<WhyAnswer>, signal = new AbortController().signal) {
  const file = path.join(folder, 'hostile.tflite')
  writeFileSync(file, Buffer.alloc(64, 'TFL3'))
  const job = makeJob({ ...given('hostile.tflite'), model: [await keep(store, file)] }, null)
  const trials = scriptedRunner({ why: () => trial })
  const cache = path.join(folder, 'cache')
  const places = { store, cache, mostBytes: 1e6, task, trials, look, signal, anyway: true, log: () => {} }
  const result = measureJob(job, places)
  await result.catch(() => {})
  expect(trials.asked.map(({ task, limits }) => [task, limits.memoryBytes! > 0, limits.timeMs])).toEqual([
    ['why', true, 86_400_000],
  ])
  return result
}

describe("an agent reads a job's model in the trial's process alone", () => {
  test('and takes the report from there', async () => {
    expect((await measured({ outcome: 'measured', value: { report } })).report).toEqual(report)
  })

  test.each<[string, Trial<WhyAnswer>, boolean, RegExp]>([
    [
      'refuses it',
      { outcome: 'measured', value: { refused: 'hostile.tflite: it is damaged' } },
      true,
      /^hostile\.tflite: it is damaged$/,
    ],
    [
      'takes all memory',
      { outcome: 'out-of-memory', usedBytes: 2 * bytes, limitBytes: bytes },
      true,
      /it used \S+ \S+ of memory/,
    ],
    ['does not end', { outcome: 'timed-out', limitMs: 1000 }, true, /it did not end within 1 s$/],
    ['ends', { outcome: 'crashed', reason: "the engine's process ended by SIGKILL" }, false, /ended by SIGKILL$/],
    ['fails', { outcome: 'failed', reason: 'x is undefined' }, false, /x is undefined$/],
  ])('one that %s costs its trial', async (_, trial, isFinal, words) => {
    const error = (await measured(trial).catch((error: unknown) => error)) as Error
    expect([error.message, error instanceof InputError]).toEqual([expect.stringMatching(words), isFinal])
    expect(existsSync(path.join(folder, 'cache/running'))).toBe(true)
  })
})
