// `fix` from the model to the folder that is handed over, on a slowness that was planted.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { findLibrary } from '@whyslow/measure/engines/litert/find-library.ts'
import { libraryEnvironment } from '@whyslow/measure/engines/native-library.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { answerParts } from '@whyslow/report/text/answers/answer-command.ts'
import { madeUpInputs } from '@whyslow/report/text/answers/likeness.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UNIX } from '../needs.ts'
import { ROOT } from '../root.ts'
import { processesIn } from '../support/processes.ts'
import { schemaOf } from '../support/schema.ts'
import { watchTasks } from '../support/tasks.ts'
import { fixture, folders, onlyFull, ownFolders, start, until, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const valid = schemaOf('report')
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
const readJson = <T>(folder: string, name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T

const CHANNELS = 32
const SIDE = 28
const LAYERS = 8

/**
 * Convolutions whose weights are listed among the inputs, so that the engine can neither fold, fuse nor lay them out anew. Not of
 * IR 3, where they must be listed: there the engine takes them for constants.
 */
function plantedModel(): Uint8Array {
  const random = mulberry32(1)
  const tensor = (name: string, shape: number[], low: number, high: number) => {
    const count = shape.reduce((product, size) => product * size, 1)
    return floatTensor(
      name,
      shape,
      Array.from({ length: count }, () => low + (high - low) * random()),
    )
  }
  const layers = Array.from({ length: LAYERS }, (_, k) => {
    const names = ['w', 'b', 'scale', 'shift', 'mean', 'variance'].map((name) => `${name}${k}`) as [string, string, ...string[]]
    const [w, b, ...norm] = names
    return {
      nodes: [
        node('Conv', [`x${k}`, w, b], [`c${k}`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        node('BatchNormalization', [`c${k}`, ...norm], [`n${k}`]),
        node('Relu', [`n${k}`], [`x${k + 1}`]),
      ],
      initializers: [
        tensor(w, [CHANNELS, CHANNELS, 3, 3], -0.1, 0.1),
        ...[b, ...norm].map((name) => tensor(name, [CHANNELS], 0.5, 1)),
      ],
    }
  })
  const value = (name: string) => valueInfo(name, 'float32', [1, CHANNELS, SIDE, SIDE])
  const initializers = layers.flatMap((layer) => layer.initializers)
  return writeModel(
    model({
      irVersion: 8,
      nodes: layers.flatMap(({ nodes }) => nodes),
      inputs: [value('x0'), ...initializers.map(({ name, dims }) => valueInfo(name, 'float32', dims.map(Number)))],
      outputs: [value(`x${LAYERS}`)],
      initializers,
    }),
  )
}

const planted = join(where.root, 'planted.onnx')
beforeAll(() => {
  writeFileSync(planted, plantedModel())
  // What is shipped finds its engine as if it had been installed beside it.
  symlinkSync(join(ROOT, 'node_modules'), join(where.root, 'node_modules'), 'dir')
})

/** A fresh path for a folder to be written. */
let made = 0
const newOut = () => join(where.root, `fast-${made++}`)

interface Manifest {
  readonly schema: string
  readonly model: string
  readonly files: readonly { path: string; role: string; sizeBytes: number; sha256: string }[]
  readonly engine: { id: string; version: string; package: string; cut?: object }
  readonly provenance: { original: { file: string; sha256: string }; remedies: string[]; changes: string[] }
  readonly measured: { speedup: number; speedupLow: number }
}

/** What is true of every folder, whatever was found. */
function readFolder(out: string, original: string): { manifest: Manifest; report: ReportDocument } {
  const manifest = readJson<Manifest>(out, 'manifest.json')
  expect(manifest.schema).toBe('whyslow-folder/1')
  for (const { path, sizeBytes, sha256: hash } of manifest.files) {
    expect([path, readFileSync(join(out, path)).byteLength, sha256(join(out, path))]).toEqual([path, sizeBytes, hash])
  }
  expect(readdirSync(out).sort()).toEqual([...manifest.files.map(({ path }) => path), 'manifest.json'].sort())
  expect(manifest.provenance.original.sha256).toBe(sha256(original))
  const report = readJson<ReportDocument>(out, 'report.json')
  expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
  const { fix, trials } = report
  expect(fix!.shipped).toBe(out)
  // Proven is what is changed, and what is changed is proven.
  expect(fix!.proven).toBe(fix!.kept.length > 0)
  expect(fix!.proven).toBe(fix!.changes.length > 0)
  expect(manifest.provenance.changes).toEqual(fix!.changes)
  expect(trials.filter(({ kept }) => kept).map(({ name }) => name)).toEqual(fix!.kept)
  if (fix!.proven) expect(fix!.speedupLow).toBeGreaterThan(1)
  else expect(fix).toMatchObject({ speedup: 1, after: fix!.before })
  const { version } = readJson<{ version: string }>(join(ROOT, 'node_modules/onnxruntime-node'), 'package.json')
  expect(readJson(out, 'package.json')).toMatchObject({ dependencies: { 'onnxruntime-node': version } })
  return { manifest, report }
}

/** Largest difference between the original's outputs and those of the shipped predict(), in this thread and in a worker. */
function differencesOf(out: string, original: string): number[] {
  const script = join(where.root, 'compare.mjs')
  writeFileSync(
    script,
    `import ort from 'onnxruntime-node'
    import { load } from ${JSON.stringify(join(out, 'predict.mjs'))}
    const dims = [1, ${CHANNELS}, ${SIDE}, ${SIDE}]
    const data = Float32Array.from({ length: ${CHANNELS * SIDE * SIDE} }, (_, k) => Math.sin(k))
    const session = await ort.InferenceSession.create(${JSON.stringify(original)}, { logSeverityLevel: 3 })
    const expected = (await session.run({ x0: new ort.Tensor('float32', data, dims) })).x${LAYERS}
    const largest = Math.max(...expected.data.map(Math.abs))
    const differences = []
    for (const worker of [false, true]) {
      const model = await load({ worker })
      const { x${LAYERS}: got } = await model.predict({ x0: { type: 'float32', data, dims } })
      if (got.dims.join() !== expected.dims.join() || got.type !== 'float32') throw new Error('other shape or type')
      differences.push(Math.max(...got.data.map((value, k) => Math.abs(value - expected.data[k]))) / largest)
      await model.close()
    }
    console.log(JSON.stringify(differences))`,
  )
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
  return JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8', env }).trim().split('\n').at(-1)!) as number[]
}

describe.concurrent('a planted slowness', () => {
  // Whether the remedy is proven is this machine's business here: packages/whyslow/src/planted.test.ts proves it on an engine that is slower by construction.
  test('in a real run: the folder holds what it says, and predicts as the original does', async (context) => {
    const own = ownFolders(context)
    const out = newOut()
    const argv = ['fix', planted, '-o', out, '--only', 'initializers-as-inputs', '--budget', '60s', '--no-progress']
    const run = await whyslow(own, ...argv)
    expect({ status: run.status, stderr: run.stderr, left: own.left() }).toEqual({ status: 0, stderr: '', left: [] })
    const { report } = readFolder(out, planted)
    expect(report.trials.map(({ name }) => name)).toEqual(['initializers-as-inputs'])
    // In the graph that was tried the weights are no inputs any more: 8 layers of 6.
    expect(report.trials[0]).toMatchObject({
      changes: ['48 weights no longer listed as graph inputs'],
      outcome: expect.not.stringMatching(/failed|rejected/),
    })
    const said = run.stdout.replace(/\s+/g, ' ')
    expect(said).toContain(answerParts(report.answer).text)
    expect(said).toContain(`Compared on ${madeUpInputs(report.model!.inputs)} (x0)`)
    for (const difference of differencesOf(out, planted)) expect(difference).toBeLessThan(1e-4)
  })
})

test.concurrent('a dry run names what it would try, fewer bits too where a loss is allowed, and writes nothing', async (context) => {
  const own = ownFolders(context)
  onlyFull(context, 'another measurement')
  const out = newOut()
  const argv = ['fix', fixture('credit_mlp'), '-o', out, '--dry-run', '--max-loss', '0.01', '--no-progress', '--json', '-']
  const run = await whyslow(own, ...argv)
  expect({ status: run.status, stderr: run.stderr, left: own.left() }).toEqual({ status: 0, stderr: '', left: [] })
  expect(existsSync(out)).toBe(false)
  const report = JSON.parse(run.stdout) as ReportDocument
  expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
  expect(report).toMatchObject({ trials: [], fix: { proven: false, kept: [], untried: [], shipped: null } })
  expect(report.answer).toMatch(/ Would try: .*dynamic-quantization, weight-quantization/)
  // Its ranges need real inputs.
  expect(report.answer).not.toContain('static-quantization')
})

test.concurrent('of a model that is not ONNX, what converting it gave is a row of its own', async (context) => {
  const own = ownFolders(context)
  onlyFull(context, 'another measurement')
  const file = join(ROOT, 'fixtures/formats/tfjs/arithmetic.json')
  const argv = ['fix', file, '-o', newOut(), '--only', 'memory-arena', '--budget', '1s', '--no-progress', '--json', '-']
  const run = await whyslow(own, ...argv)
  expect({ status: run.status, left: own.left() }, run.stderr).toEqual({ status: 0, left: [] })
  const report = JSON.parse(run.stdout) as ReportDocument
  expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
  const [row] = report.trials
  expect(row).toMatchObject({ remedies: ['conversion'], kept: true, agreement: { maxAbs: expect.any(Number) } })
  expect(row!.speedup).toBeCloseTo(row!.beforeMs! / row!.afterMs!)
  expect(report.answer).toContain('instead of TensorFlow.js with the file unchanged')
})

// Which of two runtimes is faster on a model this small is the machine's affair; that the file is shipped as it is where its own runtime is
// proven faster is in packages/whyslow/src/planted.test.ts.
test.concurrent('of a .tflite file its own runtime is tried, and what is written predicts', async (context) => {
  const own = ownFolders(context)
  context.skip(!findLibrary({}, libraryEnvironment()).ok, 'LiteRT is not here')
  const file = join(ROOT, 'fixtures/formats/tflite/engine/perceptron.tflite')
  const out = newOut()
  const words = '--only engine-choice --ship-engines ort-cpu,litert --budget 2s --no-progress --json -'
  const run = await whyslow(own, 'fix', file, '-o', out, ...words.split(' '))
  expect({ status: run.status, left: own.left() }, run.stderr).toEqual({ status: 0, left: [] })
  const report = JSON.parse(run.stdout) as ReportDocument
  expect(valid(report), JSON.stringify(valid.errors)).toBe(true)
  const row = report.trials.find(({ name }) => name === 'engine-choice litert')!
  expect(row.outcome, row.reason ?? '').not.toMatch(/failed|rejected/)
  expect(row.changes).toEqual([expect.stringMatching(/^LiteRT .* instead of ort-cpu \(the file probably runs on LiteRT today/)])
  const script = `import { load } from ${JSON.stringify(join(out, 'predict.mjs'))}
    const model = await load()
    const { y } = await model.predict({ x: { type: 'float32', data: new Float32Array(32), dims: [2, 16] } })
    console.log(JSON.stringify([y.type, ...y.dims]))`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: where.root })
  expect(JSON.parse(said)).toEqual(['float32', 2, 4])
})

test
  .skipIf(process.platform === 'win32')
  .concurrent('Ctrl-C in the middle of the search leaves no folder, no file and no process', UNIX, async (context) => {
    onlyFull(context, 'measures until the search begins')
    const own = ownFolders(context)
    const out = join(own.root, 'fast')
    const { env, begun } = watchTasks(own)
    const run = start(own, ['fix', planted, '-o', out, '--budget', '60s', '--no-progress'], { env })
    // The diagnosis is printed before the first trial of the search.
    await until(run, () => run.said.stdout !== '')
    const before = begun().length
    await until(run, () => begun().length > before)
    run.child.kill('SIGINT')
    const { status, signal, stderr } = await run.ended
    expect({ status, signal, processes: processesIn(own.temporary), left: own.left(), written: existsSync(out) }, stderr).toEqual(
      {
        status: 130,
        signal: null,
        processes: [],
        left: [],
        written: false,
      },
    )
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(readdirSync(own.root).filter((name) => name.startsWith('.'))).toEqual([])
  })
