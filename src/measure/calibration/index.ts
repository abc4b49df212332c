// The ranges of a model's values on samples, found in a trial.
import path from 'node:path'
import type { EngineOptions } from '../../engines/types.ts'
import { sizeInBytes } from '../../graph/dtype.ts'
import { InputError } from '../../graph/input-error.ts'
import type { Model } from '../../graph/model.ts'
import type { TensorType } from '../../graph/types.ts'
import type { Limits } from '../plan.ts'
import type { CalibrateOutput } from '../tasks.ts'
import { runTrial } from '../trial.ts'
import type { Trial } from '../types.ts'
import { BINS } from './histogram.ts'
import { withExtremes, withValuesAsOutputs } from './observe.ts'
import type { CalibrationMethod, ChannelsOf, ObservedModel } from './types.ts'

export { type CalibrationMethod, type ChannelsOf, calibrationMethods, type ValueRange } from './types.ts'

export interface CalibrationPlan {
  readonly engine: string
  readonly options: EngineOptions
  readonly model: Model
  /** Float values of the main graph. */
  readonly values: readonly string[]
  /** Of those values whose means are wanted. */
  readonly means?: readonly ChannelsOf[]
  readonly method: CalibrationMethod
  /** Path of the inputs.json with the samples. */
  readonly inputs: string
  /** As run, by value. */
  readonly types: ReadonlyMap<string, TensorType>
  /** Time of all samples as the engine runs the model otherwise, ms. */
  readonly expectedMs: number
  readonly limits: Limits
  /** Temporary, new: models are written into it. */
  readonly folder: string
  readonly write: (model: Model, folder: string) => Promise<{ readonly file: string }>
  readonly bins?: number
}

/** Outputs of a session beyond these make its start slow. */
const MOST_VALUES = 1000
/** What may come out of the engine for one sample where values are looked at whole. */
const WHOLE_BYTES = 96 * 2 ** 20
/** Graphs as they are written, on one thread, take several times as long as optimized ones; a pass for extremes, others for numbers. */
const SLOWNESS = 60
const LEAST_MS = 120_000

export async function calibrate(plan: CalibrationPlan): Promise<Trial<CalibrateOutput>> {
  const { values, method, types } = plan
  const meansOf = (part: readonly string[]) => (plan.means ?? []).filter(({ value }) => part.includes(value))
  const extremes = await observed(
    plan,
    'extremes',
    chunks(values, MOST_VALUES, () => 1),
    (model, part) => withExtremes(model, part, meansOf(part)),
    meansOf,
  )
  const bytes = (value: string): number => {
    const type = types.get(value)
    return (type && sizeInBytes(type)) ?? 0
  }
  const needsWhole = method === 'percentile' || method === 'entropy' || method === 'mse'
  const whole = needsWhole ? await observed(plan, 'whole', chunks(values, WHOLE_BYTES, bytes), withValuesAsOutputs) : []
  return runTrial(
    'calibrate',
    { engine: plan.engine, options: plan.options, inputs: plan.inputs, method, extremes, whole, bins: plan.bins ?? BINS },
    { timeMs: LEAST_MS + SLOWNESS * plan.expectedMs, memoryBytes: plan.limits.memoryBytes, signal: plan.limits.signal },
  )
}

async function observed(
  { model, write, folder }: CalibrationPlan,
  name: string,
  parts: readonly (readonly string[])[],
  change: (model: Model, values: readonly string[]) => Model,
  meansOf: (values: readonly string[]) => readonly ChannelsOf[] = () => [],
): Promise<ObservedModel[]> {
  const models: ObservedModel[] = []
  for (const [k, values] of parts.entries()) {
    const { file } = await write(change(model, values), path.join(folder, `${name}-${k}`))
    models.push({ file, values, means: meansOf(values) })
  }
  return models
}

/** In order, each part as large as the limit allows, and of one value at least. */
export function chunks(values: readonly string[], limit: number, weigh: (value: string) => number): string[][] {
  const parts: string[][] = []
  let room = 0
  for (const value of values) {
    const weight = weigh(value)
    if (weight > room || parts.length === 0) {
      parts.push([])
      room = limit
    }
    parts.at(-1)!.push(value)
    room -= weight
  }
  return parts
}

/** Too few samples show too little of what a value can be. */
export const LEAST_SAMPLES = 4

/** Throws InputError where the samples cannot calibrate. */
export function checkSamples(count: number, path: string): void {
  if (count >= LEAST_SAMPLES) return
  const have = count === 1 ? 'one sample' : `${count} samples`
  throw new InputError(
    `${path}: ${have}, and ranges of static quantization need ${LEAST_SAMPLES} at least; give more, best 100 or so`,
  )
}
