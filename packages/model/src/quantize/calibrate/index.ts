// The ranges of a model's values on samples, found in a trial.
import fs from 'node:fs'
import path from 'node:path'
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { TaskInputs } from '@whyslow/measure/samples/saved.ts'
import type { Limits } from '@whyslow/measure/trials/limits.ts'
import type { RunTrial, Trial } from '@whyslow/measure/trials/port.ts'
import { BINS } from './histogram.ts'
import { sourcesOf, withMinMaxObservers } from './observers.ts'
import { type CalibrateInput, type CalibrateOutput, calibrateTask } from './task.ts'
import {
  type CalibrationMethod,
  type ChannelsOf,
  type MinMaxModel,
  needsHistograms,
  type ObservedModel,
  type ValueRange,
} from './types.ts'

export { type CalibrationMethod, type ChannelsOf, calibrationMethods, type ValueRange } from './types.ts'

export interface CalibrationPlan {
  readonly engine: string
  readonly options: EngineOptions
  readonly model: Model
  /** Float values of the main graph. */
  readonly values: readonly string[]
  /** The values of which each channel is wanted. */
  readonly channels?: readonly ChannelsOf[]
  /** Each gives ranges of its own, from the same predictions. */
  readonly methods: readonly CalibrationMethod[]
  /** Smallest and largest number of values on the same samples, where they were found before; not for moving averages. */
  readonly known?: Readonly<Record<string, ValueRange>>
  readonly inputs: TaskInputs
  /** How many they are. */
  readonly samples: number
  /** As run, by value. */
  readonly types: ReadonlyMap<string, TensorType>
  /** Time of all samples as the engine runs the model otherwise, ms. */
  readonly expectedMs: number
  readonly run: RunTrial
  readonly limits: Limits
  /** Temporary, made if it is absent: models are written into it. */
  readonly folder: string
  readonly write: (model: Model, folder: string) => Promise<{ readonly file: string }>
  readonly bins?: number
}

/** Values of one session with a min-max observer. */
const MOST_VALUES = 1000
/** What may come out of the engine for one sample where values are looked at whole. */
const WHOLE_BYTES = 96 * 2 ** 20
/** Graphs as they are written, on one thread, take several times as long as optimized ones; a pass for minimum and maximum, others for numbers. */
const SLOWNESS = 60
const LEAST_MS = 120_000

/** Collects the ranges of all requested values in a trial. */
export async function calibrate(plan: CalibrationPlan): Promise<Trial<CalibrateOutput>> {
  const { input, ofAll } = await prepareCalibration(plan)
  const { memoryBytes, signal } = plan.limits
  const trial = await plan.run(calibrateTask, input, { timeMs: LEAST_MS + SLOWNESS * plan.expectedMs, memoryBytes, signal })
  return trial.outcome === 'measured' ? { ...trial, value: ofAll(trial.value) } : trial
}

export interface PreparedCalibration {
  readonly input: CalibrateInput
  /** What the task found, for values too that only move the numbers of others. */
  ofAll(found: CalibrateOutput): CalibrateOutput
}

/** Writes the models that are observed. */
export async function prepareCalibration(
  plan: Omit<CalibrationPlan, 'run' | 'limits' | 'expectedMs'>,
): Promise<PreparedCalibration> {
  const { engine, options, inputs, samples, methods, types, write, model, folder, bins = BINS } = plan
  fs.mkdirSync(folder, { recursive: true })
  const sources = sourcesOf(model, plan.values)
  const values = [...new Set(sources.values())]
  const known = plan.known ?? {}
  const minMax: MinMaxModel[] = []
  for (const [k, part] of chunks(
    values.filter((value) => known[value] === undefined),
    MOST_VALUES,
    () => 1,
  ).entries()) {
    // Moving numbers mixes channels: they are looked for where they are.
    const channels = (plan.channels ?? []).filter(({ value }) => part.includes(sources.get(value)!))
    const { file } = await write(withMinMaxObservers(model, part, channels), path.join(folder, `min-max-${k}`))
    minMax.push({ file, values: part, channels })
  }
  const bytes = (value: string): number => {
    const type = types.get(value)
    return (type && sizeInBytes(type)) ?? 0
  }
  const whole: ObservedModel[] = []
  for (const [k, part] of (methods.some(needsHistograms) ? chunks(values, WHOLE_BYTES, bytes) : []).entries()) {
    const { file } = await write(withValuesAsOutputs(model, part), path.join(folder, `whole-${k}`))
    whole.push({ file, values: part })
  }
  const ranges = (found: Readonly<Record<string, ValueRange>>) =>
    Object.fromEntries([...sources].flatMap(([value, source]) => (found[source] === undefined ? [] : [[value, found[source]]])))
  return {
    input: { engine, options, inputs, samples, methods, known, minMax, whole, bins },
    ofAll: (found) => ({
      ...found,
      ranges: Object.fromEntries(Object.entries(found.ranges).map(([method, one]) => [method, ranges(one)])),
    }),
  }
}

/** Parts of the values in order, each as large as the limit allows, and of one value at least. */
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
const LEAST_SAMPLES = 4

/** Throws InputError if the samples cannot calibrate. */
export function checkSamples(count: number, path: string): void {
  if (count >= LEAST_SAMPLES) return
  const have = count === 1 ? 'one sample' : `${count} samples`
  throw new InputError(
    `${path}: ${have}, and ranges of static quantization need ${LEAST_SAMPLES} at least; give more, best 100 or so`,
  )
}
