// What a server must hold: 'p99<20ms', and by the way how many requests may get no good answer.
import { InputError } from '@whyslow/graph/input-error.ts'
import { leastSamples, meanInterval, percentileInterval, percentileOf, sortAscending } from '@whyslow/measure/statistics/index.ts'

export interface Objective {
  readonly text: string
  /** null: the mean. */
  readonly share: number | null
  readonly boundMs: number
  readonly mostErrors: number
}

/** Errors are over the bound; where the objective is a percentile that is limit enough, up to this. */
const MOST_ERRORS = 0.01
const Z95 = 1.96
const UNIT_MS: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

/** 'p99<20ms', 'p99.9 <= 0.1s', 'mean<5ms', 'p95<50ms,errors<0.1%'. Throws InputError. */
export function parseObjective(text: string): Objective {
  let goal: Pick<Objective, 'share' | 'boundMs'> | undefined
  let mostErrors = MOST_ERRORS
  for (const part of text.split(',')) {
    const latency = /^\s*(p(\d{1,2}(?:\.\d+)?)|mean|median|avg)\s*<=?\s*(\d+(?:\.\d+)?|\.\d+)\s*(us|µs|ms|s)\s*$/i.exec(part)
    const errors = /^\s*errors?\s*<=?\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*$/i.exec(part)
    if (errors !== null) mostErrors = Number(errors[1]) / (errors[2] === '%' ? 100 : 1)
    else if (latency !== null && goal === undefined) {
      const share = latency[2] === undefined ? (/median/i.test(latency[1]!) ? 0.5 : null) : Number(latency[2]) / 100
      goal = { share, boundMs: Number(latency[3]) * UNIT_MS[latency[4]!.toLowerCase()]! }
    } else throw refused(text)
  }
  if (goal === undefined || !(goal.boundMs > 0) || goal.share === 0 || mostErrors > 1) throw refused(text)
  return { text: text.replace(/\s+/g, ''), ...goal, mostErrors }
}

/** Blocks of an interval of the mean take as many. */
export const LEAST_FOR_MEAN = 100

/** Requests below which a run says nothing of the objective: LoadGen's floor of the percentile. */
export const leastFor = ({ share }: Objective): number => (share === null ? LEAST_FOR_MEAN : leastSamples(share))

/** 'p99', 'mean' */
export const nameOf = ({ share }: Objective): string => (share === null ? 'mean' : `p${Number((100 * share).toPrecision(12))}`)

const refused = (text: string) =>
  new InputError(`--slo ${text}: give a percentile and a time, as in 'p99<20ms', 'mean<5ms' or 'p95<50ms,errors<0.1%'`)

export interface Judgement {
  readonly held: boolean
  /** The percentile or the mean; null: it is not below anything (no answers, saturated). */
  readonly valueMs: number | null
  readonly over: number
}

/** `latencies`: infinite where no good answer came. */
export function judge({ share, boundMs, mostErrors }: Objective, latencies: Float64Array): Judgement {
  let [over, without, sum] = [0, 0, 0]
  for (const latency of latencies) {
    if (latency === Number.POSITIVE_INFINITY) without++
    else sum += latency
    if (latency >= boundMs) over++
  }
  const count = latencies.length
  if (count === 0) return { held: false, valueMs: null, over: 0 }
  const fewErrors = without <= mostErrors * count
  if (share === null) {
    const mean = without === count ? null : sum / (count - without)
    return { held: fewErrors && mean !== null && mean < boundMs, valueMs: mean, over }
  }
  const value = percentileOf(sortAscending(latencies), share)
  const valueMs = Number.isFinite(value) ? value : null
  return { held: fewErrors && valueMs !== null && valueMs < boundMs, valueMs, over }
}

/** The bound is outside the interval of the percentile or mean, or the limit outside that of the share of errors: a longer run would not say otherwise. */
export function isSure(objective: Objective, latencies: Float64Array): boolean {
  const { share, boundMs, mostErrors } = objective
  const { held, valueMs } = judge(objective, latencies)
  const errors = latencies.filter((latency) => latency === Number.POSITIVE_INFINITY).length / latencies.length
  if (errors > mostErrors) return errors - Z95 * Math.sqrt((errors * (1 - errors)) / latencies.length) > mostErrors
  if (valueMs === null) return true
  const interval =
    share === null
      ? meanInterval(latencies.filter(Number.isFinite))
      : percentileInterval(latencies, sortAscending(latencies), share)
  if (interval === null) return false
  return held ? interval.high !== null && interval.high < boundMs : interval.low >= boundMs
}
