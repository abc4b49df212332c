// `fix` on a scripted machine: what it tries, proves, ships and refuses.
import fs from 'node:fs'
import path from 'node:path'
import { absent, here, type MachineScript, MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { readTflite } from '@whyslow/formats/tflite.ts'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { thisSystem } from '@whyslow/measure/machine/system.ts'
import { recordedSystem } from '@whyslow/measure/support/recorded-system.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fix } from './fix.ts'
import type { FixOptions } from './options.ts'

// The machine has two CPUs and no Python, whatever runs the tests.
const CPUS = recordedSystem('linux', { '/proc/self/status': 'Cpus_allowed_list:\t0-1', '/sys/devices/system/cpu/online': '0-1' })
beforeEach(() => {
  vi.stubEnv('WHYSLOW_PYTHON', 'off')
  for (const name of ['readText', 'exists', 'list'] as const) vi.spyOn(thisSystem, name).mockImplementation(CPUS[name] as never)
})
afterEach(() => void vi.restoreAllMocks())

const folder = folderOfTests()
let folders = 0
const newFolder = () => path.join(folder, `shipped-${folders++}`)

/** One thread, which is one of the setups that thread-count proposes, takes 1 ms; all others take 3. */
const oneThread = ({ options }: ModelTask): boolean => options.threads === 1
const filesOf = ({ shipped }: ModelTask): string[] => fs.readdirSync(shipped!.folder).sort()
const faster = (input: LatencyInput): number => (oneThread(input) ? 1 : 3)

async function fixed(machine: Partial<MachineScript>, rest: Partial<FixOptions> = {}, file = MODEL) {
  const trials = scriptedMachine({ latency: faster, ...machine })
  const told: string[] = []
  const onTrial: FixOptions['onTrial'] = ({ name, outcome }) => told.push(`${name} ${outcome}`)
  const found = await fix(file, { trials, cache: 'off', only: ['thread-count'], onTrial, ...rest })
  return { ...found, trials, told }
}

describe('what is faster', () => {
  test('is proven and told, each trial as it ends', async () => {
    const { report, diagnosis, told, trials } = await fixed({})
    expect(report.fix).toMatchObject({ proven: true, kept: ['thread-count 1'], before: 3, after: 1, speedup: 3, shipped: null })
    expect(report.answer).toMatch(
      /^Latency per prediction: 3\.00 ms to 1\.00 ms \(3\.0×\), outputs equal bit for bit\. Changes: 1 thread instead of 2/,
    )
    expect(diagnosis).not.toBe(report.answer)
    expect(told).toContain('thread-count 1 faster')
    expect(report.trials.find(({ name }) => name === 'thread-count 1')).toMatchObject({ kept: true, beforeMs: 3, afterMs: 1 })
    // The diagnosis first; the search then reads in processes of its own, and compares outputs.
    expect(trials.tasks().slice(0, 3)).toEqual(['engine', 'try', 'roofs'])
    expect(trials.tasks()).toContain('outputs')
  })

  test('is shipped, with what a worker would cost', async () => {
    const out = newFolder()
    const more = { 'worker-cost': () => measured({ plainMs: 1, workerMs: 1.25 }) }
    const { report } = await fixed({ more }, { out })
    expect(report.fix!.shipped).toBe(out)
    expect(fs.readdirSync(out)).toEqual(expect.arrayContaining(['model.onnx', 'predict.mjs', 'report.json']))
    expect(fs.readFileSync(path.join(out, 'README.md'), 'utf8')).toMatch(/adds 250 µs to a prediction/)
  })

  test('is shipped as the model alone, without trying a worker or a folder', async () => {
    const out = path.join(folder, 'alone.onnx')
    const { trials } = await fixed({}, { out, modelAlone: true })
    expect(fs.readFileSync(out)).toEqual(fs.readFileSync(MODEL))
    expect(trials.tasks()).not.toContain('worker-cost')
    expect(trials.asked.some(({ input }) => (input as ModelTask).shipped)).toBe(false)
  })

  test('is proven through the folder that is shipped, its outputs too, beside the original as it is called', async () => {
    const seen: string[] = []
    const latency = (input: LatencyInput) => {
      if (input.few === false) seen.push(input.shipped === undefined ? 'original' : filesOf(input).join())
      return faster(input)
    }
    const { trials, report } = await fixed({ latency })
    expect(report.fix!.proven).toBe(true)
    const shipped = 'model.onnx,onnxruntime.mjs,options.json,predict-worker.mjs,predict.mjs'
    expect(seen.slice(-4)).toEqual(['original', shipped, shipped, 'original'])
    const outputs = trials.asked.filter(({ task }) => task === 'outputs').map(({ input }) => (input as ModelTask).shipped)
    expect(outputs.at(-1)).toMatchObject({ takesTensors: true, env: {} })
  })
})

describe('what is not', () => {
  test('leaves the original, which is shipped all the same', async () => {
    const out = newFolder()
    const { report } = await fixed({ latency: () => 3 }, { out })
    expect(report.fix).toMatchObject({ proven: false, kept: [], before: 3, after: 3, speedup: 1, shipped: out })
    expect(report.answer).toMatch(/^Latency per prediction stays at 3\.00 ms: .* no gain from: thread-count\.$/)
    expect(fs.existsSync(path.join(out, 'model.onnx'))).toBe(true)
  })

  test('writes nothing where only the proven is wanted', async () => {
    const out = newFolder()
    const { report } = await fixed({ latency: () => 3 }, { out, onlyProven: true })
    expect(report.fix!.shipped).toBeNull()
    expect(fs.existsSync(out)).toBe(false)
  })

  test('is rejected where the outputs are others, however fast', async () => {
    const outputs: MachineScript['outputs'] = (task) => ({
      y: { dtype: 'float32', shape: [1, 4], data: Float32Array.of(1, 2, 3, oneThread(task) ? 9 : 4) },
    })
    const { report } = await fixed({ outputs })
    expect(report.fix!.proven).toBe(false)
    expect(report.trials.find(({ name }) => name === 'thread-count 1')).toMatchObject({ outcome: 'rejected', kept: false })
  })

  test('is failed where it crashes, and the others go on', async () => {
    const crash = { outcome: 'crashed', reason: "the engine's process ended by SIGSEGV" } as const
    const { report } = await fixed({ latency: (input) => (oneThread(input) ? crash : 3) })
    expect(report.trials.find(({ name }) => name === 'thread-count 1')).toMatchObject({
      outcome: 'failed',
      reason: "the engine's process ended by SIGSEGV",
    })
  })
})

test('a dry run diagnoses, names what it would try, and tries nothing', async () => {
  const { report, trials, told } = await fixed({}, { dryRun: true, out: newFolder() })
  expect(report.answer).toMatch(/Would try: thread-count 1/)
  expect(report).toMatchObject({ trials: [], fix: { proven: false, shipped: null, untried: [] } })
  expect([told, trials.tasks().includes('outputs')]).toEqual([[], false])
})

test('load time is read from starts, and told as such', async () => {
  const starts = (task: ModelTask) => measured({ importMs: 5, loadMs: 8, firstMs: 2, totalMs: oneThread(task) ? 10 : 20 })
  const { report } = await fixed({ more: { start: starts } }, { goal: 'load-time', only: ['thread-count', 'graph-optimization'] })
  expect(report.fix).toMatchObject({ goal: 'load-time', unit: 'ms', before: 22 + 4, proven: false })
  expect(report.trials.every(({ name }) => !name?.startsWith('thread-count'))).toBe(true)
})

test('trials of an earlier run are recalled where a cache is used', async () => {
  vi.stubEnv('XDG_CACHE_HOME', fs.mkdtempSync(path.join(folder, 'cache-')))
  const first = await fixed({ latency: () => 3 }, { cache: 'use' })
  const second = await fixed({ latency: () => 3 }, { cache: 'use' })
  expect(second.trials.asked.length).toBeLessThan(first.trials.asked.length)
  expect(second.report.trials.map(({ outcome }) => outcome)).toEqual(first.report.trials.map(({ outcome }) => outcome))
})

describe('refused before anything is measured', () => {
  test.each<[string, Partial<FixOptions>, RegExp]>([
    ['another engine', { engine: 'ort-wasm' }, /--engine ort-wasm: remedies are proven on ort-cpu/],
    ['an unknown remedy', { only: ['tread-count'] }, /--only tread-count: no such remedy; did you mean thread-count\?/],
    ['no remedy at all', { only: ['x'] }, /--only x: no such remedy; there are initializers-as-inputs, /],
    ['a flag of preprocessing', { preprocessing: { layout: 'nchw' } }, /--image-layout nchw/],
  ])('%s', async (_, options, message) => {
    const trials = scriptedMachine({ latency: faster })
    await expect(fix(MODEL, { trials, cache: 'off', ...options })).rejects.toThrow(message)
    expect(trials.asked).toEqual([])
  })

  test.each<[string, Partial<FixOptions>, RegExp]>([
    ['an output that there is not', { outputs: ['z'] }, /--outputs z: no such output; there are y/],
    ['code in front of a model without a picture', { preprocessing: { dtype: 'uint8' } }, /picture|four axes/],
  ])('%s', async (_, options, message) => {
    const trials = scriptedMachine({ latency: faster })
    await expect(fix(MODEL, { trials, cache: 'off', ...options })).rejects.toThrow(message)
    expect(trials.tasks()).toEqual(['engine', 'try'])
  })

  test('an abort ends it, and nothing is written', async () => {
    const out = newFolder()
    const abort = new AbortController()
    const latency = (input: LatencyInput) => {
      if (oneThread(input)) abort.abort(new Error('enough'))
      return 3
    }
    await expect(fixed({ latency }, { out, signal: abort.signal })).rejects.toThrow('enough')
    expect(fs.existsSync(out)).toBe(false)
  })
})

test('a worker that cannot be tried costs nothing but its number', async () => {
  const out = newFolder()
  await fixed({ more: { 'worker-cost': () => failed('no worker') } }, { out })
  expect(fs.existsSync(path.join(out, 'predict.mjs'))).toBe(true)
})

describe('another engine', () => {
  const library = { ...here, version: '2026.4.1', from: '/libs' }
  const engines = (id: string) => (id === 'ort-cpu' ? here : id === 'openvino' || id === 'openvino-bf16' ? library : absent)
  /** By engine; the others as the measured one. */
  const latency = ({ engine }: LatencyInput): number => ({ openvino: 2, 'openvino-bf16': 1 })[engine] ?? 3
  const only = ['engine-choice']

  test('is proven against the original on the user’s engine, and shipped with what it needs', async () => {
    const out = newFolder()
    const { report } = await fixed({ engines, latency }, { out, only })
    expect(report.fix).toMatchObject({
      proven: true,
      kept: ['engine-choice openvino'],
      changes: ['OpenVINO 2026.4.1 in float32 instead of ort-cpu'],
      before: 3,
      after: 2,
      engine: { id: 'openvino', version: '2026.4.1', precision: 'float32' },
    })
    const manifest = JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8'))
    expect(manifest.engine).toMatchObject({ id: 'openvino', version: '2026.4.1', precision: 'float32' })
    expect(fs.existsSync(path.join(out, 'openvino.mjs'))).toBe(true)
    // Of what may not be kept the report says what it would give.
    const half = report.trials.find(({ name }) => name === 'engine-choice openvino-bf16')!
    expect(half).toMatchObject({ kept: false, outcome: 'rejected', reason: expect.stringMatching(/--max-loss/) })
    expect(half.lookedSpeedup).toBeCloseTo(3)
  })

  test('in another arithmetic is shipped with --max-loss', async () => {
    const { report } = await fixed({ engines, latency }, { only, maxLoss: 0.01 })
    expect(report.fix).toMatchObject({ kept: ['engine-choice openvino-bf16'], after: 1, engine: { precision: 'bfloat16' } })
  })

  test('loses no more on held-out rows, or on the same ones, which is said', async () => {
    const data = (rows: number) => {
      const file = path.join(folder, `${rows}.csv`)
      const row = (k: number) => Array.from({ length: 16 }, (_, at) => k + at).join()
      fs.writeFileSync(
        file,
        [Array.from({ length: 16 }, (_, at) => `c${at}`).join(), ...Array.from({ length: rows }, (_, k) => row(k))].join('\n'),
      )
      return file
    }
    const on = async (file: string | null) =>
      (await fixed({ engines, latency }, { only, maxLoss: 0.01, ...(file === null ? {} : { data: file }) })).report
    const few = await on(data(40))
    expect(few.fix!.outputs).not.toMatch(/held-out/)
    expect(few.warnings).toContainEqual(
      'the loss was measured on the same 40 inputs that chose ranges and layers, so it may be larger on others; to prove it on held-out inputs, give 399 rows with --data, and a larger --budget if the model is slow',
    )
    const many = await on(data(500))
    expect(many.fix!.outputs).toMatch(/, on 299 held-out inputs$/)
    const made = await on(null)
    expect(made.fix!.outputs).toMatch(/, on 64 held-out inputs$/)
    for (const { warnings } of [many, made]) expect(warnings.join()).not.toMatch(/the same/)
  })

  test('that is not among --ship-engines is looked at and not shipped', async () => {
    const { report } = await fixed({ engines, latency }, { only, engines: ['ort-cpu'] })
    expect(report.fix).toMatchObject({ proven: false, kept: [] })
    expect(report.fix).not.toHaveProperty('engine')
    expect(report.trials.find(({ name }) => name === 'engine-choice openvino')).toMatchObject({
      kept: false,
      reason: '1.50× in a first look, but openvino is not among --ship-engines',
    })
  })

  test('that quantize looks at is not shipped', async () => {
    const { report } = await fixed(
      { engines, latency },
      { only, maxLoss: 0.01, keepsEngine: 'quantize takes another engine only for what it quantizes' },
    )
    expect(report.fix).toMatchObject({ proven: false, kept: [] })
    expect(report.answer).not.toContain('engine-choice')
    expect(report.trials.find(({ name }) => name === 'engine-choice openvino-bf16')).toMatchObject({
      outcome: 'rejected',
      reason: '3.00× in a first look, but quantize takes another engine only for what it quantizes',
      refused: 'quantize takes another engine only for what it quantizes',
    })
  })

  test.each([
    ['openvino (--ship-engines)', { engines: ['ort-cpu', 'openvino'] }],
    ['openvino (--openvino)', { openvino: '/nowhere' }],
    ['litert (--litert)', { litert: '/nowhere' }],
  ])('that is named and not here is an error before anything is measured: %s', async (flag, named) => {
    await expect(fixed({ latency }, { only, ...named })).rejects.toThrow(`engine ${flag} cannot be used: `)
    // Where no engine is tried nothing is asked of it.
    const { report } = await fixed({ latency }, { ...named, only: ['thread-count'] })
    expect(new Set(report.trials.map(({ remedies }) => remedies[0]))).toEqual(new Set(['thread-count']))
  })

  test('that is named and not here is no error if its remedy does not serve the goal', async () => {
    const named = { openvino: '/nowhere', litert: '/nowhere', engines: ['ort-cpu', 'openvino'] }
    await expect(fixed({ latency }, { ...named, goal: 'load-time', only: null })).resolves.toBeDefined()
  })

  test('is not looked for where its remedy is not asked for', async () => {
    const { trials } = await fixed({ engines, latency })
    expect(trials.tasks().filter((task) => task === 'engine')).toHaveLength(1)
  })

  test('is looked for once for each library where it is not here', async () => {
    const { trials, report } = await fixed({ latency }, { only })
    expect(trials.tasks().filter((task) => task === 'engine')).toHaveLength(3)
    expect(report.trials).toEqual([])
  })

  describe('that does not read ONNX', () => {
    const engines = (id: string) => (id === 'ort-cpu' ? here : id === 'litert' ? { ...library, version: '2.1.0' } : absent)
    const latency = ({ engine, options }: LatencyInput): number => (engine !== 'litert' ? 3 : options.threads === 2 ? 1 : 2)
    const written = { engines, latency }

    test('is given the model as it is written for it, and shipped so', async () => {
      const out = newFolder()
      const { report, trials } = await fixed(written, { out, only })
      expect(report.fix).toMatchObject({
        proven: true,
        kept: ['engine-choice litert 2 threads'],
        changes: ['LiteRT 2.1.0 on 2 threads instead of ort-cpu'],
        before: 3,
        after: 1,
        engine: { id: 'litert', version: '2.1.0', precision: null },
      })
      expect(report.trials.find(({ name }) => name === 'engine-choice litert')).toMatchObject({ kept: false })
      expect(fs.readdirSync(out)).toEqual(expect.arrayContaining(['model.tflite', 'litert.mjs']))
      expect(fs.existsSync(path.join(out, 'model.onnx'))).toBe(false)
      const read = await readTflite(path.join(out, 'model.tflite'))
      expect(viewGraph(read).inputs.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
        ['x', 'float32', ['batch', 16]],
      ])
      const opened = trials.asked.map(({ input }) => input as ModelTask).filter(({ engine }) => engine === 'litert')
      expect(opened.every(({ modelFile = '.tflite' }) => modelFile.endsWith('.tflite'))).toBe(true)
    })

    test('is given the file itself where that is its own, which is shipped as it is; nothing was converted then', async () => {
      const out = newFolder()
      const file = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/tflite/engine/perceptron.tflite')
      const { report } = await fixed(written, { out, only }, file)
      expect(report.fix).toMatchObject({
        proven: true,
        engine: { id: 'litert' },
        changes: [expect.stringMatching(/instead of ort-cpu \(the file probably runs on LiteRT today, on one thread by default/)],
      })
      expect(fs.readFileSync(path.join(out, 'model.tflite'))).toEqual(fs.readFileSync(file))
      expect(report.trials.some(({ name }) => name === 'conversion')).toBe(false)
    })

    test('TensorFlow.js is looked at where a model may run there, and never shipped', async () => {
      const engines = (id: string) => (id === 'ort-cpu' ? here : id === 'tfjs-wasm' ? { ...library, version: '4.22.0' } : absent)
      const file = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/tflite/engine/perceptron.tflite')
      for (const [timeMs, reason] of [
        [45, 'no gain in a first look (0.07×)'],
        [2, '1.50× in a first look, but fix does not ship it'],
      ] as const) {
        const latency = ({ engine }: LatencyInput): number => (engine === 'tfjs-wasm' ? timeMs : 3)
        const { report } = await fixed({ engines, latency }, { only }, file)
        const rows = report.trials.filter(({ remedies }) => remedies[0] === 'engine-choice')
        expect(rows.map(({ name, kept, reason }) => [name, kept, reason])).toEqual([['engine-choice tfjs-wasm', false, reason]])
        expect(report.fix).toMatchObject({ proven: false, kept: [] })
      }
      // An ONNX model is hardly anybody's there.
      const { report } = await fixed({ engines, latency: () => 3 }, { only })
      expect(report.trials).toEqual([])
    })

    test('says by name what it cannot be given, and costs nothing else', async () => {
      const file = path.join(folder, 'unwritable.onnx')
      const nodes = [node({ opType: 'Foreign', domain: 'com.example' }, ['x'], ['y'])]
      const [x, y] = [valueInfo('x', 'float32', ['batch', 16]), valueInfo('y', 'float32', ['batch', 4])]
      fs.writeFileSync(file, writeModel(model({ nodes, inputs: [x], outputs: [y], opsets: { 'com.example': 1 } })))
      const { report } = await fixed(written, { only }, file)
      expect(report.fix).toMatchObject({ proven: false, kept: [] })
      expect(report.trials).toHaveLength(1)
      expect(report.trials[0]).toMatchObject({
        name: 'engine-choice litert',
        outcome: 'failed',
        reason: expect.stringMatching(/Foreign/),
      })
    })
  })

  test.each([
    [['openvino-gpu'], /--ship-engines openvino-gpu: fix does not ship it; give some of ort-cpu, openvino/],
    [['openvino'], /--ship-engines openvino: give ort-cpu too/],
  ])('--ship-engines %s is refused', async (wanted, message) => {
    await expect(fixed({ engines, latency }, { engines: wanted })).rejects.toThrow(message)
  })
})
