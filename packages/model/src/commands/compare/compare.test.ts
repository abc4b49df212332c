// Comparisons on a scripted machine: who takes part, who is faster, and what becomes of one that fails.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { absent, block, here, type MachineScript, MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { compare } from './compare.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'test-whyslow-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const OTHER = path.join(folder, 'other.onnx')
copyFileSync(MODEL, OTHER)

const two = (id: string) => (id === 'ort-cpu' || id === 'ort-wasm' ? here : absent)
const engines = (script: Partial<MachineScript>, more = {}) =>
  compare([MODEL], {
    quick: true,
    trials: scriptedMachine({ engines: two, latency: ({ engine }) => (engine === 'ort-cpu' ? 2 : 5), ...script }),
    ...more,
  })

describe('one model on several engines', () => {
  test('ranks them by ratios taken round by round', async () => {
    const found = await engines({})
    expect(found.ranking).toMatchObject([
      { id: 'ort-cpu', place: 1 },
      { id: 'ort-wasm', place: 2 },
    ])
    expect(found.pairs).toMatchObject([{ a: 'ort-cpu', b: 'ort-wasm', ratio: 2.5, order: 'faster', rounds: 3 }])
    expect(found.notHere.map(({ id }) => id)).toContain('ort-cuda')
    expect(found.contestants.map(({ p50Ms }) => p50Ms)).toEqual([2, 5])
  })

  test('an engine that chooses its precision says it, and how its outputs differ in it', async () => {
    const found = await engines({
      engines: (id) => (id === 'ort-cpu' || id === 'openvino-bf16' ? here : absent),
      latency: ({ engine }) => (engine === 'ort-cpu' ? 2 : 1),
      outputs: ({ engine }) => ({
        y: { dtype: 'float32', shape: [1, 4], data: Float32Array.of(100, 0, 0, engine === 'ort-cpu' ? 0 : 1) },
      }),
    })
    expect(found.contestants).toMatchObject([
      { id: 'ort-cpu' },
      { id: 'openvino-bf16', precision: 'bfloat16', runtime: 'OpenVINO' },
    ])
    expect(found.contestants[0]).not.toHaveProperty('precision')
    // An error of 1 in outputs of 100.
    expect(found.sentences).toContainEqual(
      expect.stringMatching(/^OpenVINO in bfloat16 takes 1\.00 ms instead of 2\.00 ms .*outputs differ by 1\.0 %\.$/),
    )
    expect(found.pareto).toMatchObject({ axes: ['latency', 'start', 'agreement'], dominated: [] })
    expect(found.reports[0]!.findings.find(({ rule }) => rule === 'engine-choice')!.detail).toContain(
      'Its outputs differ by 1.0 %',
    )
    expect(found.reports[1]!.engine).toMatchObject({ precision: 'bfloat16' })
  })

  test('an engine that gives some of the outputs is compared on those', async () => {
    const output = (value: number) => ({ dtype: 'float32' as const, shape: [1], data: Float32Array.of(value) })
    const of = async (value: number) => {
      const { contestants } = await engines({
        outputs: ({ engine }) => (engine === 'ort-cpu' ? { margin: output(3), y: output(1) } : { y: output(value) }),
      })
      return contestants[1]!
    }
    const same = await of(1)
    expect(same).toMatchObject({ agreement: { equal: true } })
    expect(same.agreementReason).toMatch(/^on \d+ samples, without margin, which it does not give$/)
    expect(await of(2)).toMatchObject({ agreement: { equal: false, maxAbs: 1 } })
  })

  test('an interval that holds 1 tells nobody apart', async () => {
    const { ranking, pairs } = await engines({
      latency: ({ process, engine }) => (engine === 'ort-cpu' ? 2 : process === 1 ? 1.5 : 2.5),
    })
    expect(pairs[0]!.order).toBe('no-difference')
    expect(ranking.map(({ place }) => place)).toEqual([1, 1])
  })

  test('of several, the interval is wide enough for all pairs together', async () => {
    // Ratios of 1.06, 1.09 and 1.12: apart where it is the only pair, not where it is one of three.
    const latency: MachineScript['latency'] = ({ process, engine }) => (engine === 'ort-wasm' ? 2 * (1.06 + 0.03 * process) : 2)
    const orderIn = async (ids: readonly string[]) =>
      (await engines({ engines: (id) => (ids.includes(id) ? here : absent), latency })).pairs.find(({ b }) => b === 'ort-wasm')!
        .order
    expect(await orderIn(['ort-cpu', 'ort-wasm'])).toBe('faster')
    expect(await orderIn(['ort-cpu', 'ort-wasm', 'ort-webgpu'])).toBe('no-difference')
  })

  test('outputs are compared with the first one’s', async () => {
    const y = (value: number) => ({ y: { dtype: 'float32' as const, shape: [1, 4], data: Float32Array.from([1, 2, 3, value]) } })
    const same = await engines({ outputs: () => y(4) })
    expect(same.contestants[1]!.agreement).toMatchObject({ equal: true, maxAbs: 0 })
    const other = await engines({ outputs: ({ engine }) => y(engine === 'ort-cpu' ? 4 : 4.5) })
    expect(other.contestants[1]!.agreement).toMatchObject({ equal: false, maxAbs: 0.5 })
  })

  test('engines are looked for one after the other', async () => {
    const trials = scriptedMachine({ engines: two, latency: () => 2 })
    let [running, most] = [0, 0]
    const counting: typeof trials.run = async (...asked) => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      const trial = await trials.run(...asked)
      running--
      return trial
    }
    await compare([MODEL], { quick: true, trials: { ...trials, run: counting } })
    expect(most).toBe(1)
  })

  test('one that fails is a row with the reason, and memory is a failure in words', async () => {
    const crash = { outcome: 'out-of-memory' as const, usedBytes: 9e9, limitBytes: 8e9 }
    const found = await engines({ latency: ({ engine }) => (engine === 'ort-cpu' ? 2 : crash) })
    const [, wasm] = found.contestants
    expect(wasm).toMatchObject({ id: 'ort-wasm', outcome: 'failed', p50Ms: null })
    expect(wasm!.reason).toMatch(/of memory, above the limit/)
    expect(found.ranking).toHaveLength(1)
  })

  test('one that was asked for by name and is not here is a row, too', async () => {
    const found = await engines({}, { engines: ['ort-cpu', 'ort-cuda'] })
    expect(found.contestants[1]).toMatchObject({ id: 'ort-cuda', outcome: 'not-here', fix: 'npm install it' })
  })

  test('nobody here is an error with the way out', async () => {
    await expect(engines({ engines: () => absent })).rejects.toThrow(/no engine is installed: .*npm install it/)
  })

  test('batches: the first is ranked, the others are rows, and where one overtakes the other is said', async () => {
    const found = await engines(
      {
        latency({ engine, inputs }) {
          const batch = Number(/batches\/\d+/.test(inputs)) // each batch's inputs lie in a folder of their own
          return engine === 'ort-cpu' ? 2 + batch : 5
        },
      },
      { batches: [1, 4] },
    )
    expect(found.batch).toBe(1)
    expect(found.contestants[0]!.batches.map(({ batch }) => batch)).toEqual([1, 4])
    expect(found.breakEven).toHaveLength(1)
  })
})

describe('several models on one engine', () => {
  test('take the first one’s inputs, and are told apart', async () => {
    const trials = scriptedMachine({ latency: ({ modelFile }) => (modelFile === OTHER ? 1 : 2) })
    const found = await compare([MODEL, OTHER], { quick: true, trials })
    expect(found.of).toBe('models')
    expect(found.ranking.map(({ id }) => id)).toEqual([OTHER, MODEL])
    expect(found.contestants[1]).toMatchObject({ ratio: 0.5, agreement: { equal: true } })
  })

  test('a model that the engine refuses is a row', async () => {
    const more = {
      try: (task: { modelFile: string }) =>
        task.modelFile === OTHER
          ? failed('no kernel for it')
          : measured({
              outputs: [{ name: 'y', type: { dtype: 'float32', shape: [1, 4] }, finite: true }],
              poolThreads: 2,
              loadMs: 10,
              predictionMs: 1,
            }),
    }
    const found = await compare([MODEL, OTHER], { quick: true, trials: scriptedMachine({ latency: () => 2, more }) })
    expect(found.contestants[1]).toMatchObject({ outcome: 'failed', p50Ms: null })
    expect(found.contestants[1]!.reason).toMatch(/no kernel for it/)
  })

  test('one that takes too long names what waits longer', async () => {
    const trials = scriptedMachine({
      latency: ({ modelFile }) => (modelFile === OTHER ? { outcome: 'timed-out', limitMs: 30_000 } : measured(block(2))),
    })
    const found = await compare([MODEL, OTHER], { trials, quick: true })
    expect(found.contestants[1]).toMatchObject({
      outcome: 'timed-out',
      reason: 'it did not end within 30 s',
      fix: 'to wait longer: --timeout 2m',
    })
  })

  test('one that fails late keeps what was measured, with the round', async () => {
    const trials = scriptedMachine({
      latency: ({ modelFile, process }) =>
        modelFile === OTHER && process === 4 ? { outcome: 'timed-out', limitMs: 30_000 } : measured(block(2)),
    })
    const found = await compare([MODEL, OTHER], { trials, seconds: 1 })
    expect(found.contestants[1]).toMatchObject({ outcome: 'measured', p50Ms: 2 })
    expect(found.contestants[1]!.reason).toBe('it failed in round 5: it did not end within 30 s')
  })
})

test.each([
  [[], /nothing to compare/],
  [[MODEL, MODEL], /is given twice/],
])('%j is refused', async (files, message) => {
  await expect(compare(files, { trials: scriptedMachine({ latency: () => 1 }) })).rejects.toThrow(message)
})
