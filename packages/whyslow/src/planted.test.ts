// Causes that were planted, found and undone by whole command lines: the engine takes longer by construction wherever the cause is in the
// graph (example-planted.ts), so that one run decides, on any computer.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { absent, here, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { floatTensor, int64Tensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { ortCpu } from '@whyslow/measure/engines/onnxruntime/ort-cpu.ts'
import { engineOfFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { plantedMachine } from '@whyslow/model/support/commands/example-planted.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { type GraphProto, type ModelProto, ModelProtoSchema } from 'onnx-buf'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { onTrials, typed, validDocument } from '../test/support/example-command-line.ts'

const folder = folderOfTests()
beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', path.join(folder, 'cache'))
  vi.stubEnv('XDG_DATA_HOME', path.join(folder, 'data'))
  // No Python module is tried, whatever this machine has.
  vi.stubEnv('WHYSLOW_PYTHON', 'off')
})

let written = 0
const newPath = (name = 'fast') => path.join(folder, `${written++}-${name}`)
function fileOf(proto: ModelProto): string {
  const file = newPath('model.onnx')
  writeFileSync(file, writeModel(proto))
  return file
}
const graphIn = (file: string): GraphProto => fromBinary(ModelProtoSchema, readFileSync(file)).graph!
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

const SIZE = 16
const square = (name: string, seed: number) =>
  floatTensor(
    name,
    [SIZE, SIZE],
    Array.from({ length: SIZE * SIZE }, (_, k) => Math.sin(k * seed) / 4),
  )
const row = (name: string) => valueInfo(name, 'float32', [1, SIZE])
const x: Feeds = { x: { dtype: 'float32', shape: [1, SIZE], data: Float32Array.from({ length: SIZE }, (_, k) => Math.cos(k)) } }

/** A weight that is listed among the inputs: a caller could give another, so that the engine takes it for no constant. */
const listed = model({
  irVersion: 8,
  nodes: [node('MatMul', ['x', 'w'], ['y'])],
  inputs: [row('x'), valueInfo('w', 'float32', [SIZE, SIZE])],
  outputs: [row('y')],
  initializers: [square('w', 1.1)],
})
/** 2 ms, or 1 ms without the listed weight. */
const slowWhileListed = plantedMachine({ timeMs: (graph) => (graph!.input.length > 1 ? 2 : 1) })

async function predicted(opened: ReturnType<typeof ortCpu.open>, feeds: Feeds): Promise<Results> {
  const session = await opened
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

interface Manifest {
  readonly model: string
  readonly files: readonly { path: string; sizeBytes: number; sha256: string }[]
  readonly engine: { id: string; cut?: object }
  readonly provenance: { original: { sha256: string }; remedies: string[]; changes: string[] }
  readonly measured: { speedup: number }
}

/** What is true of every folder: its files are those of its manifest, and its report fits the schema and itself. */
function readFolder(out: string, original: string) {
  const manifest = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8')) as Manifest
  for (const { path: name, sizeBytes, sha256: hash } of manifest.files)
    expect([name, readFileSync(path.join(out, name)).byteLength, sha256(path.join(out, name))]).toEqual([name, sizeBytes, hash])
  expect(readdirSync(out).sort()).toEqual([...manifest.files.map((one) => one.path), 'manifest.json'].sort())
  expect(manifest.provenance.original.sha256).toBe(sha256(original))
  const report = validDocument(path.join(out, 'report.json'), 'report') as unknown as ReportDocument
  expect(manifest.provenance.changes).toEqual(report.fix!.changes)
  expect(report.trials.filter(({ kept }) => kept).map(({ name }) => name)).toEqual(report.fix!.kept)
  return { manifest, report }
}

describe('fix', () => {
  test('undoes a weight that is listed as an input, and the folder holds what it says', async () => {
    const file = fileOf(listed)
    const out = newPath()
    const line = `fix ${file} -o ${out} --only initializers-as-inputs,memory-arena --no-cache`
    const { exitCode, printed, said } = await typed(line, { stages: onTrials(slowWhileListed) })
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: '' })
    // 2 ms over 1 ms; memory-arena changes nothing.
    expect(printed).toContain('+ initializers-as-inputs: 2.00 ms to 1.00 ms, kept, ')
    expect(printed).toMatch(/^- memory-arena: .*not kept/m)
    const { manifest, report } = readFolder(out, file)
    expect(report.fix).toMatchObject({
      proven: true,
      kept: ['initializers-as-inputs'],
      changes: ['1 weight no longer listed as graph inputs'],
      speedup: 2,
      shipped: out,
      untried: [],
    })
    const trial = report.trials.find(({ name }) => name === 'initializers-as-inputs')!
    expect(trial).toMatchObject({ outcome: 'faster', kept: true, beforeMs: 2, afterMs: 1 })
    expect(trial.agreement!.cosine).toBeGreaterThan(0.99999)
    expect(printed.replace(/\s+/g, ' ')).toContain(report.answer)
    expect(manifest).toMatchObject({ measured: { speedup: 2 }, provenance: { remedies: ['initializers-as-inputs'] } })
    expect(graphIn(path.join(out, manifest.model)).input.map(({ name }) => name)).toEqual(['x'])
  })

  test('gives exit code 3 where the goal is missed: all is said and written', async () => {
    const out = newPath()
    const line = `fix ${fileOf(listed)} -o ${out} --only initializers-as-inputs --require 3x --no-cache`
    const { exitCode, said, printed } = await typed(line, { stages: onTrials(slowWhileListed) })
    expect(exitCode).toBe(3)
    expect(said).toMatch(/^whyslow: --require 3x: not reached, .*2\.00x.*\n$/)
    expect(printed).toContain(`Written: ${out}`)
    expect(existsSync(path.join(out, 'predict.mjs'))).toBe(true)
  })

  test('ships the original where nothing is faster', async () => {
    const file = fileOf(listed)
    const out = newPath()
    const line = `fix ${file} -o ${out} --only memory-arena,spinning --require 50x --no-cache`
    const { exitCode, said } = await typed(line, { stages: onTrials(plantedMachine({ timeMs: () => 2 })) })
    expect(exitCode).toBe(3)
    expect(said).toMatch(/^whyslow: --require 50x: not reached, .*\n$/)
    const { manifest, report } = readFolder(out, file)
    expect(sha256(path.join(out, manifest.model))).toBe(sha256(file))
    expect(manifest.provenance).toMatchObject({ remedies: [], changes: [] })
    expect(report.fix).toMatchObject({ proven: false, speedup: 1, before: 2, after: 2 })
    expect(report.answer).toContain('so your model and settings are unchanged')
  })

  test('writes nothing in a dry run, which names what it would try', async () => {
    const out = newPath()
    const line = `fix ${fileOf(listed)} -o ${out} --dry-run --no-cache --json -`
    const { exitCode, printed } = await typed(line, { stages: onTrials(slowWhileListed) })
    const report = validDocument(printed, 'report') as unknown as ReportDocument
    expect({ exitCode, ...report.fix }).toMatchObject({ exitCode: 0, proven: false, kept: [], untried: [], shipped: null })
    expect(report.trials).toEqual([])
    expect(report.answer).toMatch(/ Would try: .*initializers-as-inputs/)
    expect(existsSync(out)).toBe(false)
  })

  test('makes code of many small columns before what only the engine has', async () => {
    const COLUMNS = 12
    const each = [...Array(COLUMNS).keys()]
    const ml = (opType: string) => ({ opType, domain: 'ai.onnx.ml' })
    const file = fileOf(
      model({
        nodes: [
          ...each.flatMap((k) => [
            node(ml('ArrayFeatureExtractor'), ['x', `at${k}`], [`c${k}`]),
            node(ml('Scaler'), [`c${k}`], [`s${k}`], { offset: { floats: [k / 2] }, scale: { floats: [1 / (k + 1)] } }),
          ]),
          node(
            'Concat',
            each.map((k) => `s${k}`),
            ['all'],
            { axis: 1 },
          ),
          node('Erf', ['all'], ['y']),
        ],
        inputs: [valueInfo('x', 'float32', ['rows', COLUMNS])],
        outputs: [valueInfo('y', 'float32', ['rows', COLUMNS])],
        initializers: each.map((k) => int64Tensor(`at${k}`, [1], [k])),
        opsets: { 'ai.onnx.ml': 3 },
      }),
    )
    const costs = { ArrayFeatureExtractor: 0.1, Scaler: 0.1, Erf: 0.1 }
    const engines = (id: string) =>
      ['ort-cpu', 'compiled'].includes(id) ? here : { ok: false as const, reason: 'no', fix: 'no' }
    const out = newPath()
    const line = `fix ${file} -o ${out} --only compile --no-cache`
    const { exitCode, printed } = await typed(line, { stages: onTrials(plantedMachine({ costs, engines })) })
    expect(exitCode, printed).toBe(0)
    const { manifest, report } = readFolder(out, file)
    expect(report.fix).toMatchObject({ proven: true, kept: ['compile head'] })
    // 24 nodes of 0.1 ms, a Concat and an Erf; of them the Erf is left.
    expect(report.fix!.changes).toEqual([
      expect.stringMatching(/^the first 25 operators as compiled code .*; the others stay on ort-cpu$/),
    ])
    expect(manifest.engine).toMatchObject({ id: 'ort-cpu', cut: { head: { value: 'all', columns: COLUMNS } } })
    expect(graphIn(path.join(out, manifest.model)).node.map(({ opType }) => opType)).toEqual(['Erf'])
  })

  test('ships a .tflite file as it is where its own runtime is faster', async () => {
    const file = path.resolve(import.meta.dirname, '../../../fixtures/formats/tflite/engine/perceptron.tflite')
    const out = newPath()
    const engines = (id: string) =>
      id === 'ort-cpu' ? here : id === 'litert' ? { ...here, version: '2.1.0', from: '/libs' } : absent
    const trials = scriptedMachine({ engines, latency: ({ engine }) => (engine === 'litert' ? 1 : 3) })
    const line = `fix ${file} -o ${out} --only engine-choice --ship-engines ort-cpu,litert --threads 1 --no-cache`
    const { exitCode, printed } = await typed(line, { stages: onTrials(trials) })
    expect(exitCode, printed).toBe(0)
    const { manifest, report } = readFolder(out, file)
    expect(report.fix).toMatchObject({
      proven: true,
      kept: expect.arrayContaining(['engine-choice litert']),
      engine: { id: 'litert' },
    })
    expect([manifest.engine.id, manifest.model]).toEqual(['litert', 'model.tflite'])
    expect(sha256(path.join(out, manifest.model))).toBe(sha256(file))
  })
})

describe('--quick', () => {
  /** Rules of the first three findings that are more than a note. */
  async function firstThree(file: string, ...flags: string[]): Promise<readonly string[]> {
    const { exitCode, printed } = await typed([file, '--quick', '--no-cache', '--json', '-', ...flags], {
      stages: onTrials(plantedMachine({ costs: { MatMul: 2, Conv: 2 } })),
    })
    expect(exitCode, printed).toBe(0)
    const { findings } = validDocument(printed, 'report') as unknown as ReportDocument
    const named = findings.slice(0, 3).filter(({ wouldSaveMs }) => wouldSaveMs !== 0)
    return named.map(({ rule }) => rule)
  }

  test('names weights that are listed as inputs, and not those of a model without the list', async () => {
    expect(await firstThree(fileOf(listed))).toContain('initializers-as-inputs')
    const graph = listed.graph!
    const own = fileOf({ ...listed, graph: { ...graph, input: graph.input.slice(0, 1) } })
    expect(await firstThree(own)).not.toContain('initializers-as-inputs')
  })

  test('names an image that could be smaller, and not one of a usual size', async () => {
    const file = fileOf(
      model({
        nodes: [node('Conv', ['x', 'w'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 3, 'height', 'width'])],
        outputs: [valueInfo('y', 'float32', [1, 1, 'height', 'width'])],
        initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
      }),
    )
    expect(await firstThree(file, '--shape', 'x=1x3x320x320')).toContain('large-input-resolution')
    expect(await firstThree(file, '--shape', 'x=1x3x224x224')).not.toContain('large-input-resolution')
  })
})

describe('lint --repair', () => {
  test('writes the model without the planted fault', async () => {
    const file = fileOf(convGroup({ bias: 'scale-off' }))
    const before = sha256(file)
    const out = newPath('repaired.onnx')
    const hasRepair = (graph: GraphProto) => graph.initializer.some(({ name }) => /bias_scale/.test(name))
    const trials = plantedMachine({
      costs: { Conv: 1, QuantizeLinear: 0.2, DequantizeLinear: 0.3 },
      timeMs: (graph) => (hasRepair(graph!) ? 1 : 2.6),
    })
    const line = `lint ${file} --repair -o ${out} --no-cache --json -`
    const { exitCode, printed } = await typed(line, { stages: onTrials(trials) })
    const document = validDocument(printed, 'lint') as unknown as LintDocument
    expect({ exitCode, ...document.repair }).toMatchObject({ exitCode: 0, proven: true, out })
    expect(document.repair!.changes).toEqual(['1 bias requantized to the scale of the product'])
    // 4 conversions: of 0.3 ms for the input, the weights and the bias, of 0.2 ms for the output.
    const [group] = document.unfused
    expect(group).toMatchObject({ node: 'conv', condition: 'bias-scale', mend: 'group-requantization' })
    expect(group!.conversions).toHaveLength(4)
    expect(group!.conversionsMs).toBeCloseTo(1.1, 6)
    // 0.05, the input's scale, times the weights' of 0.005, 0.006, …
    const scales = graphIn(out).initializer.find(({ name }) => /bias_scale/.test(name))!
    expect(new Float32Array(Uint8Array.from(scales.rawData!).buffer)[1]).toBeCloseTo(0.05 * 0.006, 8)
    expect(sha256(file)).toBe(before)
  })
})

describe('quantize', () => {
  const product = fileOf(
    model({
      nodes: [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['r']), node('MatMul', ['r', 'v'], ['y'])],
      inputs: [row('x')],
      outputs: [row('y')],
      initializers: [square('w', 1.1), square('v', 1.7)],
    }),
  )
  /** Products of float32 take 2 ms, of int8 0.4 ms with their conversion. */
  const faster = { MatMul: 2, MatMulInteger: 0.3, DynamicQuantizeLinear: 0.1, DynamicQuantizeMatMul: 0.4, MatMulNBits: 3 }

  test('writes int8 that is proven, and says which layers run in it', async () => {
    const out = newPath('int8.onnx')
    const json = newPath('report.json')
    const line = `quantize ${product} -o ${out} --max-loss 0.2 --no-cache --json ${json}`
    const { exitCode, printed } = await typed(line, { stages: onTrials(plantedMachine({ costs: faster })) })
    expect(exitCode, printed).toBe(0)
    const { fix, quantization } = validDocument(json, 'report') as unknown as ReportDocument
    expect(fix).toMatchObject({ proven: true, kept: ['dynamic-quantization'], shipped: out })
    expect(quantization).toMatchObject({ methods: ['dynamic'], inputs: 'synthetic' })
    expect(quantization!.layers.map(({ precision, reason }) => [precision, reason])).toEqual([
      ['dynamic', null],
      ['dynamic', null],
    ])
    expect(graphIn(out).node.map(({ opType }) => opType)).toContain('DynamicQuantizeLinear')
    expect(readFileSync(out)).not.toEqual(readFileSync(product))
  })

  test('writes the original byte for byte where int8 does not pay', async () => {
    const out = newPath('float.onnx')
    const costs = { ...faster, MatMulInteger: 3, DynamicQuantizeMatMul: 4 }
    const line = `quantize ${product} -o ${out} --max-loss 0.2 --no-cache`
    const { exitCode, printed } = await typed(line, { stages: onTrials(plantedMachine({ costs })) })
    expect(exitCode, printed).toBe(0)
    expect(sha256(out)).toBe(sha256(product))
    expect(printed).toMatch(/^dynamic: no operator is faster this way/m)
  })
})

test('what fix ships predicts as the original does', async () => {
  const file = fileOf(listed)
  const out = newPath()
  // In place of `npm install` in the folder.
  symlinkSync(path.resolve(import.meta.dirname, '../../../node_modules'), path.join(folder, 'node_modules'), 'junction')
  await typed(`fix ${file} -o ${out} --only initializers-as-inputs --no-cache`, { stages: onTrials(slowWhileListed) })
  const { y } = await predicted(ortCpu.open(file, plainOptions), x)
  const shipped = await predicted(engineOfFolder({ folder: out, takesTensors: false, env: {} }).open('', plainOptions), x)
  expect(shipped.y!.shape).toEqual([1, SIZE])
  const [got, expected] = [shipped.y!, y!].map(({ data }) => Array.from(data as Float32Array))
  for (const [k, one] of got!.entries()) expect(one).toBeCloseTo(expected![k]!, 5)
})
