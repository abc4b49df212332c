// A task: what a prediction on a device is made of. The profile tells kernels, nodes that stayed on the CPU, and copies between nodes;
// tiny models tell what inputs and outputs cost on their way.
import fs from 'node:fs'
import path from 'node:path'
import { bitsPerElement, elementCount } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { type DeviceTrace, type RawEvent, readDeviceTrace } from '../../engines/onnxruntime/facts/device-trace.ts'
import { CPU_REFUSED } from '../../engines/onnxruntime/facts/error-words.ts'
import { type Clock, processClock, sample, timeEachRun, warmUp } from '../../engines/sampler.ts'
import type { Engine, Feeds, OpenOptions, Session, TensorValue } from '../../engines/types.ts'
import { loadInputs } from '../../samples/saved.ts'
import { median } from '../../statistics/index.ts'
import { engineOf } from '../../trials/engine-of.ts'
import type { ModelTask } from '../../trials/model-task.ts'
import { defineTask } from '../../trials/port.ts'
import { loopMs } from '../loop.ts'
import type { BoundTimes } from '../types.ts'
import { boundTimes, type Sampling } from './bound.ts'
import { downloadModel, isMoved, uploadModel } from './transfer-models.ts'

export interface DeviceInput extends ModelTask {
  readonly folder: string
  /** Types of the outputs that are tensors. */
  readonly outputTypes: readonly TensorType[]
}

export interface DeviceOutput {
  /** null if the engine gives no times of the device. */
  readonly trace: DeviceTrace | null
  readonly uploadMs: number
  readonly downloadMs: number
  readonly bound: BoundTimes | null
  readonly needsCpu: boolean | null
}

const WARMUP = 3
/** Slower than this, one prediction warms up. */
const SLOW_MS = 250
const MOST_PREDICTIONS = 30
const PROFILE_MS = 400
const TRANSFER_PLAN = { sampleMs: 60, least: { warmup: WARMUP, samples: 9 }, maxSamples: 1000, warmupMs: 60 } as const
/** Share of the trial's cap: what is left out then is said to be unknown. */
const CAP_SHARE = 0.6

/** What is watched, and on what. */
interface Watching {
  readonly input: DeviceInput
  readonly engine: Engine
  readonly now: Clock
  /** True once the trial's time is short. */
  readonly isLate: () => boolean
}

export async function watchDevice(
  input: DeviceInput,
  engine = engineOf(input.engine),
  now = processClock,
): Promise<DeviceOutput> {
  const feeds = loadInputs(input.inputs)
  const opened = await openOnDevice(input, engine)
  // The cap counts from the engine's start: a browser's takes seconds.
  const start = now()
  const isLate = () => now() - start > (input.capMs ?? Number.POSITIVE_INFINITY) * CAP_SHARE
  const watching = { input, engine, now, isLate }
  const trace = opened.profiled ? await profiled(watching, opened.session, feeds) : null
  await opened.session?.close()
  const bound = engine.offers.includes('device-tensors') && !isLate() ? await boundOn(watching, feeds) : null
  return { trace, ...(await transfers(watching, feeds[0]!)), bound, needsCpu: opened.needsCpu }
}

const ONE: TensorType = { dtype: 'float32', shape: [1] }

/** What inputs and outputs take on their way, beyond what one element takes. */
async function transfers(watching: Watching, feeds: Feeds): Promise<Pick<DeviceOutput, 'uploadMs' | 'downloadMs'>> {
  const baseMs = await timeOf(watching, 'base', uploadModel(ONE), ONE)
  const extra = async (
    name: string,
    types: readonly TensorType[],
    moved: (type: TensorType) => readonly [Uint8Array, TensorType],
  ) => {
    let sumMs = 0
    for (const [k, type] of types.filter(isMoved).entries())
      sumMs += Math.max(0, (await timeOf(watching, `${name}-${k}`, ...moved(type))) - baseMs)
    return sumMs
  }
  const inputs = Object.values(feeds).map(({ dtype, shape }): TensorType => ({ dtype, shape }))
  return {
    uploadMs: await extra('upload', inputs, (type) => [uploadModel(type), type]),
    downloadMs: await extra('download', watching.input.outputTypes, (type) => [downloadModel(type), { ...type, shape: [1] }]),
  }
}

/**
 * A session that may not use the CPU, where the engine opens one: that it does is the answer. Else one as usual. None if neither
 * profile nor answer is to be had.
 */
async function openOnDevice(
  { modelFile, options, folder }: DeviceInput,
  engine: Engine,
): Promise<
  | { readonly session: Session; readonly profiled: true; readonly needsCpu: boolean | null }
  | { readonly session?: Session; readonly profiled: false; readonly needsCpu: boolean | null }
> {
  const profiling = engine.offers.includes('device-times')
  const more: Partial<OpenOptions> = profiling ? { profilePrefix: path.join(folder, 'device-') } : {}
  const asUsual = async (needsCpu: boolean | null) =>
    profiling
      ? { session: await engine.open(modelFile, { ...options, ...more }), profiled: true as const, needsCpu }
      : { profiled: false as const, needsCpu }
  if (!engine.offers.includes('cpu-refused')) return asUsual(null)
  const configEntries = { ...options.configEntries, 'session.disable_cpu_ep_fallback': '1' }
  try {
    const session = await engine.open(modelFile, { ...options, configEntries, ...more })
    return { session, profiled: profiling, needsCpu: false }
  } catch (error) {
    return asUsual(CPU_REFUSED.test(String(error)) ? true : null)
  }
}

async function profiled({ now, isLate }: Watching, session: Session, feeds: readonly Feeds[]): Promise<DeviceTrace> {
  const runs = feeds.map((sample) => session.prepare(sample))
  const run = timeEachRun(runs, now)
  await run(0)
  const slow = { fromMs: SLOW_MS, least: { warmup: 1, samples: 1 } }
  const warm = await warmUp(run, { least: { warmup: WARMUP - 1, samples: 1 }, slow, warmupMs: 0, isLate }, now)
  await sample(run, { sampleMs: PROFILE_MS, maxSamples: MOST_PREDICTIONS, isLate }, 1, now)
  const file = await session.endProfiling!()
  if (!file) throw new Error('the engine wrote no profile')
  return readDeviceTrace(JSON.parse(fs.readFileSync(file, 'utf8')) as RawEvent[], 1 + warm.warmupRuns)
}

async function boundOn(watching: Watching, feeds: readonly Feeds[]): Promise<BoundTimes | null> {
  const { input, engine } = watching
  const copied = await engine.open(input.modelFile, input.options)
  const bound = await engine.open(input.modelFile, { ...input.options, tensorsOnDevice: true })
  const times = copied.sample && bound.sample ? await boundTimes([copied, bound] as [Sampling, Sampling], feeds, watching) : null
  await copied.close()
  await bound.close()
  return times
}

/** Median latency of a model with one input, ms. */
async function timeOf({ input, engine, now }: Watching, name: string, bytes: Uint8Array, type: TensorType): Promise<number> {
  const file = path.join(input.folder, `transfer-${name}.onnx`)
  fs.writeFileSync(file, bytes)
  const session = await engine.open(file, input.options)
  const feeds = { x: zeros(type) }
  const ms = session.sample
    ? median((await session.sample([feeds], TRANSFER_PLAN)).samplesMs)
    : await loopMs([session.prepare(feeds)], TRANSFER_PLAN, now)
  await session.close()
  return ms
}

function zeros({ dtype, shape }: TensorType): TensorValue {
  const bytes = new ArrayBuffer((elementCount(shape) * bitsPerElement(dtype)!) / 8)
  const data = dtype === 'float32' ? new Float32Array(bytes) : dtype === 'int32' ? new Int32Array(bytes) : new Uint16Array(bytes)
  return { dtype, shape, data }
}

export const deviceTask = defineTask('device', import.meta.url, watchDevice)
