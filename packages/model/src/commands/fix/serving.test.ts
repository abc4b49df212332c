// An objective under load: what `fix` asks of who serves, and what it ships of the answer.
import fs from 'node:fs'
import path from 'node:path'
import { MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { beforeEach, expect, test, vi } from 'vitest'
import { fix } from './fix.ts'
import type { EngineShare, ServingPort, ServingRequest } from './serving-port.ts'

const folder = folderOfTests()
const SLO = 'p99<20ms'
beforeEach(() => void vi.stubEnv('WHYSLOW_PYTHON', 'off'))
const SHARE: EngineShare = { workers: 2, threads: 1, configEntries: { 'session.intra_op.allow_spinning': '0' } }
const tried = { workers: 2, threads: 1, maxBatch: 8, answersPerSecond: 900, found: null, why: null }

/** Answers with what `choose` finds. */
const port = (chooseServer: ServingPort['chooseServer']): ServingPort => ({
  checkObjective(text) {
    if (text !== SLO) throw new InputError(`--slo ${text}: give a percentile and a time`)
  },
  chooseServer,
})

const fixed = (out: string, serving: ServingPort, slo = SLO) =>
  fix(MODEL, {
    trials: scriptedMachine({ latency: () => 3 }),
    cache: 'off',
    only: ['thread-count'],
    threads: 1,
    out,
    slo,
    serving,
    budgetSeconds: 10,
  })

test('who serves gets the folder for its share of the CPUs, and what it answers is shipped', async () => {
  const out = path.join(folder, 'served')
  const asked: ServingRequest[] = []
  const { report } = await fixed(
    out,
    port(async (request) => {
      asked.push(request)
      const served = await request.folderFor(SHARE)
      expect(fs.readdirSync(served.folder)).toEqual(expect.arrayContaining(['manifest.json', 'model.onnx', 'predict.mjs']))
      expect(await request.folderFor(SHARE)).toBe(served)
      return {
        report: { objective: SLO, best: 0, tried: [tried] },
        best: { share: SHARE, serving: { workers: 2, maxBatch: 8, queue: 40, deadlineMs: 20 } },
      }
    }),
  )
  // Four times the budget of the remedies.
  expect(asked[0]).toMatchObject({ objective: SLO, takesThreads: true, seconds: 40, inputs: { data: null, batch: null } })
  expect(report.fix!.serving).toEqual({ objective: SLO, best: 0, tried: [tried] })
  const options = fs.readFileSync(path.join(out, 'options.json'), 'utf8')
  expect(JSON.parse(options)).toMatchObject({ serving: { workers: 2, maxBatch: 8, queue: 40, deadlineMs: 20 } })
  expect(options).toContain('allow_spinning')
})

test('what is shipped has no serving of its own if no set-up holds the objective', async () => {
  const out = path.join(folder, 'none')
  const { report } = await fixed(
    out,
    port(async () => ({ report: { objective: SLO, best: null, tried: [tried] }, best: null })),
  )
  expect(report.fix!.serving!.best).toBeNull()
  expect(JSON.parse(fs.readFileSync(path.join(out, 'options.json'), 'utf8')).serving).toBeUndefined()
})

test('what is not an objective is refused before the model is read', async () => {
  const never = port(() => Promise.reject(new Error('not reached')))
  await expect(fixed(path.join(folder, 'refused'), never, 'fast')).rejects.toThrow('--slo fast: give a percentile')
})
