// The one suite of cases that every engine passes, beside ort-cpu as the reference. A known gap is a case too: it must fail, so that
// the list of gaps in docs/engines.md stays true. Engines that this machine lacks are left out with a visible line that says why.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { floatTensor, int64Tensor, model, node, valueInfo, writeModel } from '../graph/build.ts'
import type { DType } from '../graph/types.ts'
import { describeEngine } from '../measure/describe-engine.ts'
import { type RawEvent, readDeviceTrace } from '../measure/device/device-trace.ts'
import { CPU_REFUSED } from '../measure/device/task.ts'
import { arrayFor, store } from '../measure/inputs/dtype-arrays.ts'
import { mulberry32, normal } from '../measure/inputs/random.ts'
import { plainOptions } from './example-options.ts'
import { ortCpu } from './ort-cpu.ts'
import type { Availability, Engine, EngineOptions, Feeds, OpenOptions, Results, Session, TensorValue } from './types.ts'

process.env.ORT_DISABLE_TELEMETRY = '1'

export interface EngineCase {
  readonly engine: Engine
  /** |output - reference| <= absolute + relative * |reference|, for floats; the rest must be equal. */
  readonly tolerance: { readonly absolute: number; readonly relative: number }
  /** Cases of the suite that this engine is known to fail, and why. */
  readonly gaps: Readonly<Record<string, string>>
  readonly options?: Partial<EngineOptions>
  /** As the machine has it. */
  readonly availability: Availability
}

/** A model, what it is fed, prediction by prediction, in one session. */
interface SuiteModel {
  readonly name: string
  readonly bytes?: Uint8Array
  /** In fixtures/models. */
  readonly fixture?: string
  readonly feeds: readonly Feeds[]
  readonly large?: true
}

/** Nothing here is timed; the bound is for machines that do much else. */
const TIMEOUT_MS = 240_000

/** Debian's Chromium brings a Vulkan driver that computes on the CPU: it stands in where there is no other. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** Whether the engine is here; of WebGPU engines in Node, with the software driver if need be, which then holds for this process. */
export async function availabilityHere({ id }: Engine): Promise<Availability> {
  const found = await describeEngine(id, null)
  if (found.ok || id !== 'ort-webgpu' || !fs.existsSync(SWIFTSHADER)) return found
  process.env.VK_DRIVER_FILES = SWIFTSHADER
  return describeEngine(id, null)
}

export function checkEngine({ engine, tolerance, gaps, options = {}, availability }: EngineCase): void {
  if (!availability.ok) {
    const why = `${availability.reason}; ${availability.fix}`
    it(`the suite of ${engine.id}`, ({ skip }) => skip(why))
    return
  }
  /** Models that compile many shaders: on a driver that computes on the CPU each takes seconds. */
  const leftOut = availability.deviceKind === 'software-gpu' && !process.env.WHYSLOW_TEST_FULL
  describe(`${engine.id} ${availability.version} on ${availability.device}`, { timeout: TIMEOUT_MS }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-engine-'))
    const opened: Session[] = []
    const given: OpenOptions = { ...plainOptions, ...options }
    const open = async (file: string): Promise<Session> => {
      const session = await engine.open(file, given)
      opened.push(session)
      return session
    }
    const fileOf = ({ name, bytes, fixture }: SuiteModel): string => {
      if (fixture) return path.resolve(import.meta.dirname, `../../fixtures/models/${fixture}.onnx`)
      const file = path.join(folder, `${name.replaceAll(/\W+/g, '-')}.onnx`)
      fs.writeFileSync(file, bytes!)
      return file
    }
    const like = (results: Results, reference: Results) => expectLike(results, reference, tolerance)
    // The packages for Node and for the web share a list of backends: the reference must be there first, or the other takes its name.
    beforeAll(async () => {
      const session = await ortCpu.open(fileOf(PERCEPTRON), plainOptions)
      await session.close()
    })
    const referenceOf = async (file: string, feeds: Feeds): Promise<Results> => {
      const session = await ortCpu.open(file, plainOptions)
      const results = await session.run(feeds)
      await session.close()
      return results
    }
    /** A known gap must be there: a case that passes has to leave the list. */
    const test = (name: string, body: (context: TestContext) => Promise<void>) =>
      name in gaps ? it.fails(`${name} (known gap: ${gaps[name]})`, body) : it(name, body)

    afterAll(async () => {
      for (const session of opened) await session.close().catch(() => {})
      await engine.end?.()
      fs.rmSync(folder, { recursive: true, force: true })
    })

    for (const suiteModel of MODELS) {
      test(suiteModel.name, async ({ skip }) => {
        if (suiteModel.large && leftOut) skip('a software adapter compiles its shaders for seconds (npm run test:full)')
        const file = fileOf(suiteModel)
        const session = await open(file)
        for (const feeds of suiteModel.feeds) like(await session.run(feeds), await referenceOf(file, feeds))
        await session.close()
      })
    }

    test('prepared predictions repeat, and leave their feeds as they were', async () => {
      const file = fileOf(SMALL)
      const session = await open(file)
      const [feeds] = SMALL.feeds as [Feeds]
      const before = structuredClone(feeds)
      const predict = session.prepare(feeds)
      for (let k = 0; k < 5; k++) await predict()
      expect(feeds).toEqual(before)
      like(await session.run(feeds), await referenceOf(file, feeds))
      await session.close()
    })

    test('two sessions at once, in turns', async () => {
      const [a, b] = [SMALL, SCALAR].map(fileOf) as [string, string]
      const first = await open(a)
      const second = await open(b)
      for (let k = 0; k < 2; k++) {
        like(await first.run(SMALL.feeds[0]!), await referenceOf(a, SMALL.feeds[0]!))
        like(await second.run(SCALAR.feeds[0]!), await referenceOf(b, SCALAR.feeds[0]!))
      }
      await first.close()
      like(await second.run(SCALAR.feeds[0]!), await referenceOf(b, SCALAR.feeds[0]!))
      await second.close()
    })

    test('closed and opened again', async () => {
      const file = fileOf(SMALL)
      for (let k = 0; k < 2; k++) {
        const session = await open(file)
        like(await session.run(SMALL.feeds[0]!), await referenceOf(file, SMALL.feeds[0]!))
        await session.close()
      }
    })

    test('names its inputs and outputs', async () => {
      const session = await open(fileOf(SMALL))
      expect(session.inputs.map(({ name }) => name)).toEqual(['x'])
      expect(session.outputs.map(({ name, isTensor }) => [name, isTensor])).toEqual([['y', true]])
      await session.close()
    })

    test('an operator that nobody knows is an error that names it', async () => {
      const file = path.resolve(import.meta.dirname, '../../fixtures/models/unknown-operator.onnx')
      await expect(open(file)).rejects.toThrow(/NoSuchOperator/)
    })

    test('a wrong shape is an error, and the session goes on', async () => {
      const file = fileOf(SMALL)
      const session = await open(file)
      await expect(session.run({ x: floats([1, 7], 1) })).rejects.toThrow(/\S/)
      like(await session.run(SMALL.feeds[0]!), await referenceOf(file, SMALL.feeds[0]!))
      await session.close()
    })

    if (engine.offers.includes('device-tensors')) {
      test('tensors that stay on the device give the same outputs, prediction after prediction', async () => {
        for (const { feeds, ...suiteModel } of [SMALL, OUTPUTS]) {
          const file = fileOf({ feeds, ...suiteModel })
          const session = await engine.open(file, { ...given, tensorsOnDevice: true })
          opened.push(session)
          const predict = session.prepare(feeds[0]!)
          for (let k = 0; k < 3; k++) await predict()
          like(await session.run(feeds[0]!), await referenceOf(file, feeds[0]!))
          await session.close()
        }
      })
    }

    if (engine.offers.includes('device-times')) {
      test('a profile that names the nodes of the device', async () => {
        const session = await engine.open(fileOf(SMALL), { ...given, profilePrefix: path.join(folder, 'profile-') })
        opened.push(session)
        const predict = session.prepare(SMALL.feeds[0]!)
        for (let k = 0; k < 3; k++) await predict()
        const trace = readDeviceTrace(JSON.parse(fs.readFileSync((await session.endProfiling!())!, 'utf8')) as RawEvent[], 1)
        await session.close()
        expect(trace).toMatchObject({ deviceNodes: 1, cpuNodes: [], predictions: 2 })
        if (trace.kernelsMs !== null) expect(trace.programs.map(({ opType }) => opType)).toContain('Mul')
      })
    }

    if (engine.offers.includes('cpu-refused')) {
      test('a session that may not use the CPU opens where the device does all, and is refused where not', async () => {
        const alone = { ...given, configEntries: { 'session.disable_cpu_ep_fallback': '1' } }
        const session = await engine.open(fileOf(SMALL), alone)
        like(await session.run(SMALL.feeds[0]!), await referenceOf(fileOf(SMALL), SMALL.feeds[0]!))
        await session.close()
        await expect(engine.open(fileOf(STRINGS), alone)).rejects.toThrow(CPU_REFUSED)
      })
    }

    describe('timing of its own', () => {
      let session: Session
      beforeAll(async () => {
        session = await open(fileOf(SMALL))
      })
      afterAll(() => session.close())
      it('gives as many samples as it says, all above zero', async (context) => {
        if (!session.sample) return context.skip('it is timed from outside')
        const plan = { sampleMs: 20, least: { warmup: 2, samples: 3 }, maxSamples: 40, warmupMs: 5 }
        const sampled = await session.sample(SMALL.feeds, plan)
        expect(sampled.samplesMs.length).toBeGreaterThanOrEqual(3)
        expect(sampled.samplesMs.length).toBeLessThanOrEqual(40)
        expect(sampled.samplesMs.every((ms) => ms >= 0)).toBe(true)
        expect(sampled.samplesMs.some((ms) => ms > 0)).toBe(true)
        expect(sampled.warmupRuns).toBeGreaterThanOrEqual(2)
        expect(sampled.loadMs).toBeGreaterThan(0)
        expect(sampled.firstMs).toBeGreaterThan(0)
      })
    })
  })
}

function expectLike(results: Results, reference: Results, { absolute, relative }: EngineCase['tolerance']): void {
  expect(Object.keys(results).sort()).toEqual(Object.keys(reference).sort())
  for (const [name, expected] of Object.entries(reference)) {
    const got = results[name]!
    expect([name, got.dtype, [...got.shape]]).toEqual([name, expected.dtype, [...expected.shape]])
    if (expected.dtype !== 'float32' && expected.dtype !== 'float64') {
      expect(Array.from(got.data as ArrayLike<unknown>)).toEqual(Array.from(expected.data as ArrayLike<unknown>))
      continue
    }
    const [a, b] = [got.data, expected.data] as [Float32Array, Float32Array]
    const off = Array.from(b).findIndex((value, i) => !(Math.abs(a[i]! - value) <= absolute + relative * Math.abs(value)))
    expect(off < 0 ? 'alike' : `${name}[${off}] is ${a[off]}, not ${b[off]}`).toBe('alike')
  }
}

function floats(shape: readonly number[], seed: number): TensorValue {
  const random = mulberry32(seed)
  return { dtype: 'float32', shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normal(random)) }
}

function weights(name: string, shape: readonly number[], seed: number) {
  return floatTensor(name, shape, floats(shape, seed).data as Float32Array)
}

const PERCEPTRON: SuiteModel = {
  name: 'a perceptron at several batch sizes in one session',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('Gemm', ['x', 'w1', 'b1'], ['hidden']),
        node('Relu', ['hidden'], ['active']),
        node('MatMul', ['active', 'w2'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', ['batch', 16])],
      outputs: [valueInfo('y', 'float32', ['batch', 4])],
      initializers: [weights('w1', [16, 32], 1), weights('b1', [32], 2), weights('w2', [32, 4], 3)],
    }),
  ),
  feeds: [{ x: floats([1, 16], 4) }, { x: floats([5, 16], 5) }],
}

/** One kernel, so that cases about sessions compile little. */
const SMALL: SuiteModel = {
  name: 'one kernel',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['batch', 16])],
      outputs: [valueInfo('y', 'float32', ['batch', 16])],
      initializers: [weights('w', [16], 1)],
    }),
  ),
  feeds: [{ x: floats([2, 16], 2) }],
}

const CONVOLUTION: SuiteModel = {
  name: 'convolutions, pooling and a softmax at two resolutions',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('Conv', ['x', 'k1'], ['c1'], { pads: [1, 1, 1, 1], strides: [2, 2] }),
        node('Relu', ['c1'], ['r1']),
        node('Conv', ['r1', 'k2'], ['c2'], { group: 8, pads: [1, 1, 1, 1] }),
        node('MaxPool', ['c2'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
        node('GlobalAveragePool', ['p'], ['g']),
        node('Flatten', ['g'], ['f']),
        node('Softmax', ['f'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', [1, 3, 'height', 'width'])],
      outputs: [valueInfo('y', 'float32', [1, 8])],
      initializers: [weights('k1', [8, 3, 3, 3], 1), weights('k2', [8, 1, 3, 3], 2)],
    }),
  ),
  feeds: [{ x: floats([1, 3, 16, 16], 3) }, { x: floats([1, 3, 32, 24], 4) }],
}

const ATTENTION: SuiteModel = {
  name: 'attention, layer normalization and an error function',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('LayerNormalization', ['x', 'gamma', 'beta'], ['n']),
        node('MatMul', ['n', 'wq'], ['q']),
        node('Transpose', ['n'], ['k'], { perm: [0, 2, 1] }),
        node('MatMul', ['q', 'k'], ['scores']),
        node('Softmax', ['scores'], ['weights'], { axis: -1 }),
        node('MatMul', ['weights', 'n'], ['mixed']),
        node('Erf', ['mixed'], ['e']),
        node('Add', ['e', 'x'], ['y']),
      ],
      inputs: [valueInfo('x', 'float32', [1, 'length', 16])],
      outputs: [valueInfo('y', 'float32', [1, 'length', 16])],
      initializers: [weights('gamma', [16], 1), weights('beta', [16], 2), weights('wq', [16, 16], 3)],
    }),
  ),
  feeds: [{ x: floats([1, 6, 16], 4) }, { x: floats([1, 9, 16], 5) }],
}

const OUTPUTS: SuiteModel = {
  name: 'several outputs of several dtypes',
  large: true,
  bytes: writeModel(
    model({
      nodes: [
        node('TopK', ['x', 'two'], ['values', 'indices'], { axis: -1 }),
        node('Greater', ['x', 'zero'], ['positive']),
        node('ReduceSum', ['x'], ['total'], { keepdims: 0 }),
      ],
      inputs: [valueInfo('x', 'float32', [2, 6])],
      outputs: [
        valueInfo('values', 'float32', [2, 2]),
        valueInfo('indices', 'int64', [2, 2]),
        valueInfo('positive', 'bool', [2, 6]),
        valueInfo('total', 'float32', []),
      ],
      initializers: [int64Tensor('two', [1], [2]), floatTensor('zero', [], [0])],
    }),
  ),
  feeds: [{ x: floats([2, 6], 1) }],
}

const SCALAR: SuiteModel = {
  name: 'a scalar in and out',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', [])],
      outputs: [valueInfo('y', 'float32', [])],
    }),
  ),
  feeds: [{ x: { dtype: 'float32', shape: [], data: Float32Array.of(-3) } }],
}

const EMPTY: SuiteModel = {
  name: 'an empty tensor in and out',
  bytes: writeModel(
    model({
      nodes: [node('Mul', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['rows', 4])],
      outputs: [valueInfo('y', 'float32', ['rows', 4])],
    }),
  ),
  feeds: [{ x: floats([2, 4], 1) }, { x: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) } }],
}

const STRINGS: SuiteModel = {
  name: 'strings in and out',
  bytes: writeModel(
    model({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [valueInfo('x', 'string', [3])],
      outputs: [valueInfo('y', 'string', [3])],
    }),
  ),
  feeds: [{ x: { dtype: 'string', shape: [3], data: ['', 'größe', '長さ'] } }],
}

const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
]

const dtypeModel = (dtype: DType): SuiteModel => {
  const data = arrayFor(dtype, 4)
  for (let i = 0; i < 4; i++) store(dtype, data, i, dtype === 'bool' ? i % 2 : i + 1)
  return {
    name: `${dtype} in and out`,
    bytes: writeModel(
      model({
        nodes: [node('Reshape', ['x', 'shape'], ['y'])],
        inputs: [valueInfo('x', dtype, [2, 2])],
        outputs: [valueInfo('y', dtype, [4])],
        initializers: [int64Tensor('shape', [1], [4])],
      }),
    ),
    feeds: [{ x: { dtype, shape: [2, 2], data } }],
  }
}

const MODELS: readonly SuiteModel[] = [
  PERCEPTRON,
  CONVOLUTION,
  ATTENTION,
  OUTPUTS,
  SCALAR,
  EMPTY,
  STRINGS,
  ...DTYPES.map(dtypeModel),
  { name: 'a recurrent network', large: true, fixture: 'fmnist_gru', feeds: [{ rows: floats([2, 28, 28], 1) }] },
  { name: 'a branch of If', fixture: 'if-subgraph', feeds: [{ x: floats([4], 1) }] },
  { name: 'weights beside the model', large: true, fixture: 'external-data', feeds: [{ x: floats([2, 16], 1) }] },
  { name: 'trees, and an output that is no tensor left out', fixture: 'credit_rf10_zipmap', feeds: [{ X: floats([2, 23], 1) }] },
]
