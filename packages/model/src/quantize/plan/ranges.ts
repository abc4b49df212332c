// What static quantization must know of the values of a model, found on samples: ranges, by each method that is requested, and what
// corrects biases and smooths channels.
import path from 'node:path'
import type { Model } from '@whyslow/graph/model.ts'
import type { TypeAsRun } from '@whyslow/measure/outputs/types-task.ts'
import { taskInputs } from '@whyslow/measure/samples/saved.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import { type CalibrationMethod, type ChannelsOf, calibrate } from '../calibrate/index.ts'
import type { ChannelMeans, Quantizable, Range } from '../write/choice.ts'
import type { PrecisionBench } from './bench.ts'

export interface CalibrationResult {
  /** Ranges of every value that static layers could read or make, keyed by method; values with NaN or infinity have none. */
  readonly ranges: ReadonlyMap<CalibrationMethod, ReadonlyMap<string, Range>>
  /** Means of what convolutions and products read. */
  readonly means: ReadonlyMap<string, ChannelMeans>
  /** Largest magnitude in each channel of what convolutions and products read. */
  readonly peaks: ReadonlyMap<string, readonly number[]>
}

/** Calibrating ends after about this long, ms; graphs as they are written take several times as long as optimized ones. */
const CALIBRATION_MS = 12_000
const UNOPTIMIZED = 5
const LEAST_SAMPLES = 8
const MOST_SAMPLES = 256
/** Operators with weights, and so with a bias that can be corrected. */
const WEIGHTED = new Set(['Conv', 'MatMul', 'Gemm'])

/** A model with what can be quantized of it, and the types of its values. */
export interface QuantizableModel {
  readonly model: Model
  readonly nodes: readonly Quantizable[]
  readonly types: ReadonlyMap<string, TypeAsRun>
}

/** `before`: found for the same model, minmax among it: what it holds is not looked for again. Throws if the engine gives no ranges. */
export async function calibrateRanges(
  bench: PrecisionBench,
  { model, nodes, types }: QuantizableModel,
  methods: readonly CalibrationMethod[],
  before?: CalibrationResult,
): Promise<CalibrationResult> {
  const values = new Set(
    nodes.flatMap(({ precisions, activationsIn, activationsOut }) =>
      precisions.includes('static') ? [...activationsIn, ...activationsOut] : [],
    ),
  )
  const channels = [...values].flatMap((value) => channelsOf(value, nodes, types))
  const affordable = Math.floor(CALIBRATION_MS / (UNOPTIMIZED * bench.p50Ms))
  const count = Math.min(bench.samples.length, Math.max(LEAST_SAMPLES, Math.min(MOST_SAMPLES, affordable)))
  // Spread over all of them: data are often sorted by class.
  const samples = Array.from({ length: count }, (_, k) => bench.samples[Math.floor((k * bench.samples.length) / count)]!)
  bench.onStep(`calibrating ${values.size} values on ${count} samples: ${methods.join(', ')}`)
  const folder = path.join(bench.folder, bench.nextName('calibration'))
  const known = before?.ranges.get('minmax')
  const trial = await calibrate({
    run: bench.run,
    engine: bench.engineId,
    options: bench.options,
    model,
    values: [...values],
    channels: before === undefined ? channels : [],
    methods,
    ...(known === undefined ? {} : { known: Object.fromEntries(known) }),
    inputs: taskInputs(folder, samples),
    samples: count,
    types,
    expectedMs: count * bench.p50Ms,
    limits: bench.limits,
    folder,
    write: bench.write,
  })
  if (trial.outcome !== 'measured') throw new Error(`calibration failed: ${reasonInWords(trial)}`)
  const { ranges, means, peaks } = trial.value
  const axes = new Map(channels.map(({ value, axis }) => [value, axis]))
  const finite = (all: readonly number[]) => all.every(Number.isFinite)
  return {
    peaks: before?.peaks ?? new Map(Object.entries(peaks).filter(([, all]) => finite(all))),
    ranges: new Map(methods.map((method) => [method, new Map(Object.entries(ranges[method] ?? {}).filter(isObserved))])),
    means:
      before?.means ??
      new Map(
        Object.entries(means).flatMap(([value, all]) => (finite(all) ? [[value, { axis: axes.get(value)!, means: all }]] : [])),
      ),
  }
}

/** Channels of what an operator with weights reads. */
function channelsOf(value: string, nodes: readonly Quantizable[], types: ReadonlyMap<string, TypeAsRun>): ChannelsOf[] {
  const reader = nodes.find(({ opType, activationsIn }) => activationsIn[0] === value && WEIGHTED.has(opType))
  const shape = types.get(value)?.shape ?? []
  if (reader === undefined || shape.length < 2) return []
  const axis = reader.opType === 'Conv' ? 1 : shape.length - 1
  return [{ value, rank: shape.length, axis, size: shape[axis]! }]
}

const isObserved = ([, { low, high }]: readonly [string, Range]): boolean => Number.isFinite(low) && Number.isFinite(high)
