// A task: what a prediction on a device is made of. The profile tells kernels, nodes that stayed on the CPU, and copies between nodes;
// tiny models tell what inputs and outputs cost on their way.
import fs from 'node:fs'
import path from 'node:path'
import { type DeviceTrace, type RawEvent, readDeviceTrace } from '../../../engines/onnxruntime/facts/device-trace.ts'
import { sample, takeSamples, timedRuns, warmUp } from '../../../engines/sampler.ts'
import type { Feeds, Session, TensorValue } from '../../../engines/types.ts'
import { bitsPerElement, elementCount } from '../../../graph/dtype.ts'
import type { TensorType } from '../../../graph/types.ts'
import { engineOf } from '../../../trials/engine-of.ts'
import type { ModelTask } from '../../../trials/model-task.ts'
import { defineTask } from '../../../trials/port.ts'
import { feedsOf, openSession } from '../../open.ts'
import { median } from '../statistics.ts'
import type { BoundTimes } from '../types.ts'
import { boundTimes, type Sampling } from './bound.ts'
import { downloadModel, isMoved, uploadModel } from './transfer-models.ts'

export interface DeviceInput extends ModelTask {
  readonly folder: string
  /** Of the outputs that are tensors. */
  readonly outputTypes: readonly TensorType[]
}

export interface DeviceOutput {
  /** null where the engine gives no times of the device. */
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
/** Of the trial's cap: what is left out then is said to be unknown. */
const CAP_SHARE = 0.6

const now = () => performance.now()

async function watchDevice(input: DeviceInput): Promise<DeviceOutput> {
  const { offers } = engineOf(input.engine)
  const feeds = feedsOf(input)
  const opened = await openOnDevice(input, offers.includes('device-times'))
  // The cap counts from the engine's start: a browser's takes seconds.
  const start = performance.now()
  const isLate = () => input.capMs !== undefined && performance.now() - start > input.capMs * CAP_SHARE
  const trace = opened.profiled ? await profiled(opened.session, feeds, isLate) : null
  await opened.session?.close()
  const bound = offers.includes('device-tensors') && !isLate() ? await boundOn(input, feeds, isLate) : null
  const inputs = Object.values(feeds[0]!).map(({ dtype, shape }): TensorType => ({ dtype, shape }))
  const base = await timeOf(input, 'base', uploadModel({ dtype: 'float32', shape: [1] }), { dtype: 'float32', shape: [1] })
  const extra = async (
    name: string,
    types: readonly TensorType[],
    make: (type: TensorType) => Uint8Array,
    given: (type: TensorType) => TensorType,
  ) => {
    let sumMs = 0
    for (const [k, type] of types.filter(isMoved).entries())
      sumMs += Math.max(0, (await timeOf(input, `${name}-${k}`, make(type), given(type))) - base)
    return sumMs
  }
  const uploadMs = await extra('upload', inputs, uploadModel, (type) => type)
  const downloadMs = await extra('download', input.outputTypes, downloadModel, ({ dtype }) => ({ dtype, shape: [1] }))
  return { trace, uploadMs, downloadMs, bound, needsCpu: opened.needsCpu }
}

/** What onnxruntime says where a node would fall back and must not (core/session/inference_session.cc). */
export const CPU_REFUSED = /fallback to CPU EP has been explicitly disabled/

/**
 * A session that may not use the CPU, where the engine opens one: that it does is the answer. Else one as usual. None where neither
 * profile nor answer is to be had.
 */
async function openOnDevice(
  input: DeviceInput,
  profiling: boolean,
): Promise<
  | { readonly session: Session; readonly profiled: true; readonly needsCpu: boolean | null }
  | { readonly session?: Session; readonly profiled: false; readonly needsCpu: boolean | null }
> {
  const more = profiling ? { profilePrefix: path.join(input.folder, 'device-') } : {}
  const asUsual = async (needsCpu: boolean | null) =>
    profiling
      ? { session: await openSession(input, more), profiled: true as const, needsCpu }
      : { profiled: false as const, needsCpu }
  if (!engineOf(input.engine).offers.includes('cpu-refused')) return asUsual(null)
  const configEntries = { ...input.options.configEntries, 'session.disable_cpu_ep_fallback': '1' }
  try {
    const session = await openSession({ ...input, options: { ...input.options, configEntries } }, more)
    return { session, profiled: profiling, needsCpu: false }
  } catch (error) {
    return asUsual(CPU_REFUSED.test(String(error)) ? true : null)
  }
}

async function profiled(session: Session, feeds: readonly Feeds[], isLate: () => boolean): Promise<DeviceTrace> {
  const runs = feeds.map((sample) => session.prepare(sample))
  const run = timedRuns(runs, now)
  await run(0)
  const slow = { fromMs: SLOW_MS, least: { warmup: 1, samples: 1 } }
  const warm = await warmUp(run, { least: { warmup: WARMUP - 1, samples: 1 }, slow, warmupMs: 0, isLate }, now)
  await sample(run, { sampleMs: PROFILE_MS, maxSamples: MOST_PREDICTIONS, isLate }, 1, now)
  const file = await session.endProfiling!()
  if (!file) throw new Error('the engine wrote no profile')
  return readDeviceTrace(JSON.parse(fs.readFileSync(file, 'utf8')) as RawEvent[], 1 + warm.warmupRuns)
}

async function boundOn(input: DeviceInput, feeds: readonly Feeds[], isLate: () => boolean): Promise<BoundTimes | null> {
  const copied = await openSession(input)
  const bound = await openSession(input, { tensorsOnDevice: true })
  const both = copied.sample && bound.sample ? ([copied, bound] as [Sampling, Sampling]) : null
  const times = both && (await boundTimes(...both, feeds, isLate))
  await copied.close()
  await bound.close()
  return times
}

/** Median latency of a model with one input, ms. */
async function timeOf(input: DeviceInput, name: string, bytes: Uint8Array, type: TensorType): Promise<number> {
  const file = path.join(input.folder, `transfer-${name}.onnx`)
  fs.writeFileSync(file, bytes)
  const session = await engineOf(input.engine).open(file, input.options)
  const samples = await samplesOf(session, { x: zeros(type) })
  await session.close()
  return median(samples)
}

async function samplesOf(session: Session, feeds: Feeds): Promise<readonly number[]> {
  if (session.sample) return (await session.sample([feeds], TRANSFER_PLAN)).samplesMs
  return (await takeSamples(timedRuns([session.prepare(feeds)], now), TRANSFER_PLAN, now)).samplesMs
}

function zeros({ dtype, shape }: TensorType): TensorValue {
  const bytes = new ArrayBuffer((elementCount(shape) * bitsPerElement(dtype)!) / 8)
  const data = dtype === 'float32' ? new Float32Array(bytes) : dtype === 'int32' ? new Int32Array(bytes) : new Uint16Array(bytes)
  return { dtype, shape, data }
}

export const deviceTask = defineTask('device', import.meta.url, watchDevice)
