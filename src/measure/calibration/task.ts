// Runs observed models over samples, in the trial's process. One sample is in memory at a time, and of each value two numbers or a
// histogram, whatever the number of samples. Arithmetic is that of the graph as it is written: no fusion, one thread, so that ranges
// are the same on every machine and in every tool that does so.
import type { Feeds, Results } from '../../engines/types.ts'
import { eachInput } from '../inputs/saved.ts'
import { engineOf } from '../open.ts'
import type { CalibrateInput, CalibrateOutput } from '../tasks.ts'
import { addTo, emptyHistogram, type Histogram } from './histogram.ts'
import { entropyRange, mseRange, percentileRange } from './thresholds.ts'
import { type CalibrationMethod, highName, lowName, meanName, type ObservedModel, type ValueRange } from './types.ts'

export async function calibrateTask(input: CalibrateInput): Promise<CalibrateOutput> {
  const extremes = new Map<string, ValueRange>()
  const channels = new Map<string, Float64Array>()
  let samples = 0
  for (const model of input.extremes) {
    const sums = new Map<string, ValueRange>()
    samples = await predictAll(input, model, (results) => {
      for (const { value } of model.means ?? []) addMeans(channels, value, results[meanName(value)]!.data as Float32Array)
      for (const value of model.values) {
        const own = { low: numberOf(results, lowName(value)), high: numberOf(results, highName(value)) }
        const seen = extremes.get(value) ?? own
        // Math.min and Math.max give NaN where either is.
        extremes.set(value, { low: Math.min(seen.low, own.low), high: Math.max(seen.high, own.high) })
        const sum = sums.get(value) ?? { low: 0, high: 0 }
        sums.set(value, { low: sum.low + own.low, high: sum.high + own.high })
      }
    })
    if (input.method === 'moving-average')
      for (const [value, { low, high }] of sums) extremes.set(value, { low: low / samples, high: high / samples })
  }
  const ranges = new Map(extremes)
  const choose = CHOOSERS[input.method]
  for (const model of choose === undefined ? [] : input.whole) {
    const histograms = new Map<string, Histogram>()
    for (const value of model.values) {
      const { low, high } = extremes.get(value)!
      if (Number.isFinite(low) && Number.isFinite(high)) histograms.set(value, emptyHistogram(low, high, input.bins))
    }
    await predictAll(input, model, (results) => {
      for (const [value, histogram] of histograms) addTo(histogram, results[value]!.data as Float32Array)
    })
    for (const [value, histogram] of histograms) ranges.set(value, choose!(histogram))
  }
  const means = [...channels].map(([value, sums]) => [value, Array.from(sums, (sum) => sum / samples)])
  return {
    ranges: Object.fromEntries(ranges),
    means: Object.fromEntries(means),
    samples,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}

/** Samples whose number of channels differs have no mean of them: it becomes NaN. */
function addMeans(channels: Map<string, Float64Array>, value: string, means: Float32Array): void {
  const sums = channels.get(value) ?? new Float64Array(means.length)
  channels.set(value, sums)
  sums.forEach((sum, k) => {
    sums[k] = sum + (sums.length === means.length ? means[k]! : Number.NaN)
  })
}

const CHOOSERS: Readonly<Partial<Record<CalibrationMethod, (histogram: Histogram) => ValueRange>>> = {
  percentile: percentileRange,
  entropy: entropyRange,
  mse: mseRange,
}

/** Predicts with every sample; gives their number. */
async function predictAll(
  { engine, options, inputs }: CalibrateInput,
  { file }: ObservedModel,
  see: (results: Results) => void,
): Promise<number> {
  const session = await engineOf(engine).open(file, { ...options, graphOptimization: 'disabled', threads: 1 })
  let samples = 0
  for (const feeds of eachInput(inputs)) {
    see(await session.run(knownTo(session.inputs, feeds)))
    samples++
  }
  await session.close()
  return samples
}

const knownTo = (inputs: readonly { readonly name: string }[], feeds: Feeds): Feeds =>
  Object.fromEntries(inputs.flatMap(({ name }) => (feeds[name] === undefined ? [] : [[name, feeds[name]]])))

const numberOf = (results: Results, name: string): number => (results[name]!.data as Float32Array)[0]!
