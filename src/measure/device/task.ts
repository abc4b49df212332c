// A task: what a prediction on a device is made of. The profile tells kernels, nodes that stayed on the CPU, and copies between nodes;
// tiny models tell what inputs and outputs cost on their way.
import fs from 'node:fs'
import path from 'node:path'
import type { Feeds, Session, TensorValue } from '../../engines/types.ts'
import { bitsPerElement, elementCount } from '../../graph/dtype.ts'
import type { TensorType } from '../../graph/types.ts'
import { engineOf, feedsOf, openSession } from '../open.ts'
import { median } from '../statistics.ts'
import type { DeviceInput, DeviceOutput } from '../tasks.ts'
import { type DeviceTrace, type RawEvent, readDeviceTrace } from './device-trace.ts'
import { downloadModel, isMoved, uploadModel } from './transfer-models.ts'

const WARMUP = 3
const MOST_PREDICTIONS = 30
const PROFILE_MS = 400
const TRANSFER_MS = 60
const TRANSFER_SAMPLES = 9

export async function deviceTask(input: DeviceInput): Promise<DeviceOutput> {
  const trace = engineOf(input.engine).offers.includes('device-times') ? await profiled(input) : null
  const [feeds] = feedsOf(input) as [Feeds]
  const inputs = Object.values(feeds).map(({ dtype, shape }): TensorType => ({ dtype, shape }))
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
  return {
    trace,
    uploadMs: await extra('upload', inputs, uploadModel, (type) => type),
    downloadMs: await extra('download', input.outputTypes, downloadModel, ({ dtype }) => ({ dtype, shape: [1] })),
  }
}

async function profiled(input: DeviceInput): Promise<DeviceTrace> {
  const session = await openSession(input, { profilePrefix: path.join(input.folder, 'device-') })
  const runs = feedsOf(input).map((feeds) => session.prepare(feeds))
  for (let k = 0; k < WARMUP; k++) await runs[k % runs.length]!()
  const start = performance.now()
  for (let k = 0; k < 3 || (k < MOST_PREDICTIONS && performance.now() - start < PROFILE_MS); k++) await runs[k % runs.length]!()
  const file = await session.endProfiling!()
  await session.close()
  if (!file) throw new Error('the engine wrote no profile')
  return readDeviceTrace(JSON.parse(fs.readFileSync(file, 'utf8')) as RawEvent[], WARMUP)
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
  if (session.sample) {
    const plan = {
      sampleMs: TRANSFER_MS,
      least: { warmup: WARMUP, samples: TRANSFER_SAMPLES },
      maxSamples: 1000,
      warmupMs: TRANSFER_MS,
    }
    return (await session.sample([feeds], plan)).samplesMs
  }
  const run = session.prepare(feeds)
  for (let k = 0; k < WARMUP; k++) await run()
  const samples: number[] = []
  const start = performance.now()
  while (samples.length < TRANSFER_SAMPLES || performance.now() - start < TRANSFER_MS) {
    const t = performance.now()
    await run()
    samples.push(performance.now() - t)
  }
  return samples
}

function zeros({ dtype, shape }: TensorType): TensorValue {
  const bytes = new ArrayBuffer((elementCount(shape) * bitsPerElement(dtype)!) / 8)
  const data = dtype === 'float32' ? new Float32Array(bytes) : dtype === 'int32' ? new Int32Array(bytes) : new Uint16Array(bytes)
  return { dtype, shape, data }
}
