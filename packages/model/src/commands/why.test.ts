// The main command on a scripted machine: what it asks for, in which order, and what it makes of what fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { block, here, MODEL, profileOf, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { measured } from '@whyslow/measure/support/trials/example-runner.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { listEngines } from './engines.ts'
import { explain } from './explain.ts'
import { describeMachine } from './machine.ts'
import { why } from './why.ts'

const options = { quick: true, cache: 'off' as const }

describe('a quick answer', () => {
  test('asks for engine, first prediction, roofs, blocks, and the profile after two of them', async () => {
    const trials = scriptedMachine({ latency: () => 3 })
    const { report } = await why(MODEL, { ...options, trials })
    expect(trials.tasks()).toEqual(['engine', 'try', 'roofs', 'latency', 'latency', 'profile', 'latency'])
    expect(report.latency).toMatchObject({ p50Ms: 3, ciLowMs: 3, ciHighMs: 3 })
    expect(report.model).toMatchObject({ file: MODEL, format: 'onnx' })
    expect(report.engine).toMatchObject({ id: 'ort-cpu', version: here.version, options: { threadsInUse: 2 } })
  })

  test('is diagnosed again from its evidence', async () => {
    const { report, evidence } = await why(MODEL, { ...options, trials: scriptedMachine({ latency: () => 3 }) })
    expect(explain(evidence)).toEqual({ ...report, model: { ...report.model!, file: evidence.model!.file } })
  })

  test('percentiles are computed from the samples, whatever evidence of an earlier version says of them', async () => {
    const { evidence } = await why(MODEL, { ...options, trials: scriptedMachine({ latency: () => 3 }) })
    const samplesMs = Array.from({ length: 200 }, (_, k) => k + 1)
    const latency = { ...evidence.latency!, samplesMs, p90Ms: 1, p99Ms: 2 }
    const { schema, latency: given } = explain({ ...evidence, latency })
    expect(schema).toBe('whyslow-report/2')
    expect(given).toMatchObject({ p90Ms: 180, p95Ms: 190, p99Ms: null, p99UpperMs: null })
    expect(given!.p90UpperMs).toBeGreaterThan(180)
  })

  test('says what it could not do, and answers without it', async () => {
    const { report } = await why(MODEL, { ...options, trials: scriptedMachine({ latency: () => 3 }) })
    expect(report.warnings).toContain('the profiled run failed: the script holds no profile')
    expect(report.areas.unexplained.share).toBe(1)
    expect(report.notChecked.length).toBeGreaterThan(5)
  })

  test('without the lock it goes on, and says so', async () => {
    const trials = scriptedMachine({ latency: () => 3 })
    const unlocked = {
      ...trials,
      alone: <T>(work: () => Promise<T>, told: { onUnlocked(reason: string): void }) => {
        told.onUnlocked('no folder can be written')
        return work()
      },
    }
    const { report } = await why(MODEL, { ...options, trials: unlocked })
    expect(report.warnings[0]).toBe("measured without the machine's lock: no folder can be written")
  })
})

describe('labels of the data', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'whyslow-labels-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const FEATURES = Array.from({ length: 16 }, (_, k) => `f${k}`)
  /** The scripted outputs are largest in the last of four places. `broken`: a row whose numbers are none. */
  const rows = (count: number, broken = -1) => {
    const lines = Array.from({ length: count }, (_, row) => [
      ...FEATURES.map(() => (row === broken ? 'nan' : '0.5')),
      row % 2 ? 3 : 0,
    ])
    const file = path.join(root, `${count}-${broken}.csv`)
    writeFileSync(file, [[...FEATURES, 'label'], ...lines].map((line) => line.join(',')).join('\n'))
    return file
  }
  const answered = async (data: string) =>
    (await why(MODEL, { ...options, data, labels: 'label', trials: scriptedMachine({ latency: () => 3 }) })).report

  test('give the accuracy of its own outputs', async () => {
    const report = await answered(rows(200))
    expect(report.metric).toEqual({ name: 'accuracy', value: 0.5, rows: 200 })
    expect(report.warnings.filter((one) => one.startsWith('no metric'))).toEqual([])
  })

  test('that cannot be read further down take nothing from what was measured, and that is said', async () => {
    const { metric, latency, warnings } = await answered(rows(200, 150))
    expect([metric, latency?.p50Ms]).toEqual([undefined, 3])
    expect(warnings.filter((one) => one.startsWith('no metric: '))).toHaveLength(1)
  })
})

describe('what cannot be answered', () => {
  const refused = (machine: Parameters<typeof scriptedMachine>[0], more = {}) =>
    expect(why(MODEL, { ...options, ...more, trials: scriptedMachine(machine) })).rejects

  test('an engine that is not here, with what brings it', async () => {
    await refused({ latency: () => 3, engines: () => ({ ok: false, reason: 'no binary', fix: 'npm install it' }) }).toThrow(
      'engine ort-cpu cannot be used: no binary; npm install it',
    )
  })

  test('a first prediction that needs too much memory is the model’s, and no guess of inputs helps', async () => {
    const more = { try: () => ({ outcome: 'out-of-memory' as const, usedBytes: 3e9, limitBytes: 1e9 }) }
    await refused({ latency: () => 3, more }).toThrow(/cannot run: it used .* of memory, above the limit/)
  })

  test('a latency that cannot be measured', async () => {
    const crash = { outcome: 'crashed', reason: "the engine's process ended by SIGSEGV" } as const
    await refused({ latency: () => crash }).toThrow(/the latency could not be measured: the engine's process ended by SIGSEGV/)
  })

  test('an engine that there is not', async () => {
    await refused({ latency: () => 3 }, { engine: 'abacus' }).toThrow(/--engine abacus: no such engine; give one of: ort-cpu/)
  })
})

test('a full run sweeps and tries, between blocks', async () => {
  const trials = scriptedMachine({ latency: () => 3 })
  const { evidence } = await why(MODEL, { cache: 'off', trials })
  expect(evidence.threadSweep?.points.length).toBeGreaterThan(1)
  expect(evidence.batchSweep?.points.map(({ at }) => at)).toEqual([1, 2, 4, 16])
  expect(evidence.experiments?.map(({ id }) => id)).toEqual(['denormals'])
  expect(evidence.latency?.blocks).toHaveLength(5)
})

describe('a slow model', () => {
  test.each([
    ['5 s', 5000, true, 3],
    ['30 s', 30_000, true, 3],
    ['5 s, in full', 5000, false, 5],
    ['5 s, a minute to load', 5000, true, 1],
  ])('of %s a prediction gets its report, with a profile', async (name, ms, quick, processes) => {
    const loadMs = name.includes('load') ? 60_000 : 100
    const trials = scriptedMachine({
      latency: ({ least }) => measured(block(ms, { samplesMs: Array(least!.samples).fill(ms) })),
      tried: { loadMs, predictionMs: ms },
      more: { profile: profileOf({ Gemm: 0.9 * ms }) },
    })
    const { report, evidence } = await why(MODEL, { cache: 'off', quick, trials })
    expect(report.latency).toMatchObject({ p50Ms: ms })
    expect(report.latency!.blocks).toHaveLength(processes)
    expect(evidence.latency!.trust).toBe(processes === 1 ? 'D' : processes === 3 ? 'B' : 'A')
    expect(evidence.profile!.nodes.length).toBeGreaterThan(0)
    expect(Math.abs(report.areas.unexplained.share)).toBeLessThan(0.05)
    expect(evidence.absent.profile).toBeUndefined()
  })
})

test('the machine: its roofs, or why there are none', async () => {
  const found = await describeMachine({ cache: 'off', trials: scriptedMachine({ latency: () => 1 }) })
  expect(found.roofs).toMatchObject([{ threads: 2, flopsPerSecond: { float32: 1e11 } }])
  const more = { roofs: () => ({ outcome: 'timed-out' as const, limitMs: 60_000 }) }
  const without = await describeMachine({ cache: 'off', trials: scriptedMachine({ latency: () => 1, more }) })
  expect(without.warnings).toEqual(["no roofs: the machine's roofs could not be measured: it took longer than 60 s"])
})

test('engines: one row each, asked one after the other', async () => {
  const trials = scriptedMachine({ latency: () => 1 })
  const { engines } = await listEngines({ trials })
  expect(engines.filter((one) => one.here).map(({ id }) => id)).toEqual(['ort-cpu'])
  expect(engines.find(({ id }) => id === 'ort-wasm')).toMatchObject({ here: false, reason: 'it is not installed' })
  expect(trials.asked).toHaveLength(engines.length)
})
