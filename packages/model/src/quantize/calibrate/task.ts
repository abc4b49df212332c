// The ranges of values on samples, in the trial's process: minimum and maximum first, then, for methods that need to see how often which numbers
// occur, histograms between them. Memory does not grow with the number of samples.

import type { TaskInputs } from '@whyslow/measure/samples/saved.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import { sumOf } from './collect.ts'
import type { Histogram } from './histogram.ts'
import { observe } from './observe.ts'
import { entropyRange, mseRange, percentileRange } from './thresholds.ts'
import type { ObservedModel } from './types.ts'
import { type CalibrationMethod, type ChannelsOf, type MinMaxModel, needsHistograms, type ValueRange } from './types.ts'

export interface CalibrateInput extends Omit<ModelTask, 'modelFile' | 'inputs'> {
  readonly inputs: TaskInputs
  readonly methods: readonly CalibrationMethod[]
  /** How many samples the inputs hold. */
  readonly samples: number
  /** Minimum and maximum of values on the same samples, where they were found before. */
  readonly known: Readonly<Record<string, ValueRange>>
  /** Models with min-max observers; each other value is in one of them. */
  readonly minMax: readonly MinMaxModel[]
  /** Models that give the same values whole; used where the method needs to see each number. */
  readonly whole: readonly ObservedModel[]
  readonly bins: number
}

export interface CalibrateOutput {
  /** Ranges keyed by method and value; NaN and infinity if such numbers were seen. */
  readonly ranges: Readonly<Partial<Record<CalibrationMethod, Readonly<Record<string, ValueRange>>>>>
  /** The mean of the samples' means for each channel, keyed by value. */
  readonly means: Readonly<Record<string, readonly number[]>>
  /** The largest magnitude in each channel, keyed by value. */
  readonly peaks: Readonly<Record<string, readonly number[]>>
  /** Largest resident size of the process. */
  readonly peakBytes: number
}

type Ranges = Record<string, ValueRange>

async function collectRanges(input: CalibrateInput): Promise<CalibrateOutput> {
  const { engine, options, inputs, methods } = input
  const [minMax, averages]: [Ranges, Ranges] = [{ ...input.known }, {}]
  const [means, peaks]: [Record<string, number[]>, Record<string, number[]>] = [{}, {}]
  for (const model of input.minMax) {
    const count = model.values.length
    const averaged = methods.includes('moving-average')
    const seen = await observe({
      engine,
      options,
      inputs,
      file: model.file,
      observers: { kind: 'min-max', sumsFrom: averaged ? 0 : 2 * count },
    })
    const mean = sumOf(seen).map((sum) => sum / input.samples)
    model.values.forEach((value, k) => {
      minMax[value] = { low: seen.least[k]!, high: seen.most[count + k]! }
      if (averaged) averages[value] = { low: mean[k]!, high: mean[count + k]! }
    })
    Object.assign(means, byChannel(model, [...mean.subarray(averaged ? 2 * count : 0)]))
    Object.assign(peaks, byChannel(model, [...seen.most.subarray(2 * count + channelsIn(model))]))
  }
  const ranges: Partial<Record<CalibrationMethod, Ranges>> = {}
  for (const method of methods) ranges[method] = method === 'moving-average' ? averages : { ...minMax }
  for (const { file, values } of input.whole) {
    const finite = values.filter((value) => Number.isFinite(minMax[value]!.low) && Number.isFinite(minMax[value]!.high))
    const observers = {
      kind: 'histograms',
      ranges: Object.fromEntries(finite.map((value) => [value, minMax[value]!])),
      bins: input.bins,
    } as const
    const { histograms } = await observe({ engine, options, inputs, file, observers })
    for (const method of methods.filter(needsHistograms))
      for (const [value, histogram] of histograms) ranges[method]![value] = CHOOSERS[method](histogram)
  }
  return { ranges, means, peaks, peakBytes: process.resourceUsage().maxRSS * 1024 }
}

const channelsIn = ({ channels }: MinMaxModel): number => channels.reduce((sum, { size }) => sum + size, 0)

function byChannel({ channels }: { readonly channels: readonly ChannelsOf[] }, numbers: readonly number[]) {
  let at = 0
  return Object.fromEntries(
    channels.map(({ value, size }) => {
      at += size
      return [value, numbers.slice(at - size, at)]
    }),
  )
}

const CHOOSERS = { percentile: percentileRange, entropy: entropyRange, mse: mseRange } satisfies Partial<
  Record<CalibrationMethod, (histogram: Histogram) => ValueRange>
>

export const calibrateTask = defineTask('calibrate', import.meta.url, collectRanges)
