// What `check` judges in place of the median, of two models that took turns: a percentile of all predictions, or predictions per second.
import { InputError } from '@whyslow/graph/input-error.ts'
import {
  average,
  LEVEL,
  leastSamples,
  median,
  percentileInterval,
  percentileOf,
  ratioOver,
  sortAscending,
} from '@whyslow/measure/statistics/index.ts'
import type { LatencyBlock } from '@whyslow/measure/timing/types.ts'
import type { CheckJudged } from '@whyslow/report/documents/check.ts'

export type Judge = { readonly statistic: 'percentile'; readonly share: number } | { readonly statistic: 'throughput' }

/** null: the p50 of processes. */
export function judgeOf(options: { readonly percentile: number | null; readonly throughput: boolean }): Judge | null {
  if (options.percentile !== null && options.throughput)
    throw new InputError('--percentile and --throughput judge two things; give one of them')
  if (options.throughput) return { statistic: 'throughput' }
  return options.percentile === null ? null : { statistic: 'percentile', share: options.percentile }
}

type Block = Pick<LatencyBlock, 'samplesMs'>

interface Rounds {
  readonly base: readonly Block[]
  readonly own: readonly Block[]
}

/** How long each process predicts, and in how many rounds that is the duration that was typed. */
interface Length {
  readonly sampleMs: number
  readonly least: number
}

/** `length` null: what longer measuring would take is not of interest. */
export function judgeStatistic(rounds: Rounds, judge: Judge, length: Length | null): CheckJudged {
  return judge.statistic === 'throughput' ? throughputOf(rounds) : percentileRatio(rounds, judge.share, length)
}

/** A throughput is that of one prediction after another: the inverse of the mean, which outliers are part of, in the middle round. Its ratio is taken round by round. */
function throughputOf({ base, own }: Rounds): CheckJudged {
  const means = [own, base].map((blocks) => blocks.map(({ samplesMs }) => average(samplesMs))) as [number[], number[]]
  const [model, baseline] = means.map((each) => 1000 / median(each)) as [number, number]
  const ratios = means[0].map((mean, round) => mean / means[1][round]!)
  const interval = ratios.length < 2 ? UNKNOWN : ratioOver(ratios, LEVEL)
  return { statistic: 'throughput', unit: '1/s', model, baseline, ...interval, samples: fewest({ base, own }), leastSamples: 2 }
}

const UNKNOWN = { ratio: null, ratioLow: null, ratioHigh: null } as const

/**
 * The percentile of all predictions of all rounds. The interval of its ratio goes from the low end of one to the high end of the other, each
 * of 95 %: together that is above 99 %. Below LoadGen's least number of samples nothing is said.
 */
function percentileRatio(rounds: Rounds, share: number, length: Length | null): CheckJudged {
  const least = leastSamples(share)
  const samples = fewest(rounds)
  const statistic = `p${Number((100 * share).toPrecision(12))}`
  const head = { statistic, unit: 'ms', samples, leastSamples: least } as const
  const all = [rounds.own, rounds.base].map((blocks) => blocks.flatMap(({ samplesMs }) => [...samplesMs]))
  const [model, baseline] = all.map((inOrder) => {
    const sorted = sortAscending(inOrder)
    return { value: percentileOf(sorted, share), ...percentileInterval(inOrder, sorted, share) }
  }) as [Percentile, Percentile]
  const { high, low } = model
  if (samples < least || high === null || baseline.high === null) {
    const seconds = length === null ? null : (length.sampleMs * length.least) / 1000
    const longer =
      seconds === null || samples === 0 ? {} : { longerSeconds: Math.ceil(MARGIN * seconds * Math.max(1, least / samples)) }
    return { ...head, model: null, baseline: null, ...UNKNOWN, ...longer }
  }
  const ratio = model.value / baseline.value
  return {
    ...head,
    model: model.value,
    baseline: baseline.value,
    ratio,
    ratioLow: low / baseline.high,
    ratioHigh: high / baseline.low,
  }
}

interface Percentile {
  readonly value: number
  readonly low: number
  readonly high: number | null
}

/** So that a slower process has enough samples, too. */
const MARGIN = 1.5

const countOf = (blocks: readonly Block[]): number => blocks.reduce((count, { samplesMs }) => count + samplesMs.length, 0)
const fewest = ({ base, own }: Rounds): number => Math.min(countOf(base), countOf(own))
