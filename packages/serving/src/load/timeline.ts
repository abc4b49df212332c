// When requests arrive: the whole timeline is made before the first is sent, from a seed, so that nothing that the server does moves it.
// A Poisson stream's own rate wanders by 1/√n (3.9 % at 662 requests), more than what is looked for: here the measured part holds
// exactly the requests that the rate asks for (a Poisson stream given its count), and its gaps are spread over the quantiles of their
// distribution, in random order.
import { mulberry32, normal, shuffle } from '@whyslow/graph/random.ts'

export type Arrivals =
  | { readonly kind: 'poisson' }
  | { readonly kind: 'constant' }
  /** Gamma gaps: their squared coefficient of variation is `burstiness` (1 is Poisson, more is burstier). */
  | { readonly kind: 'bursts'; readonly burstiness: number }
  /** Replayed from its first to its last arrival, and again, a mean gap later, where more time is requested. */
  | { readonly kind: 'trace'; readonly gapsMs: readonly number[] }

export interface TimelinePlan {
  readonly arrivals: Arrivals
  readonly ratePerSecond: number
  /** Sent at the same rate before what is measured, so that the server is met at work. */
  readonly warmUpMs: number
  readonly measuredMs: number
  readonly seed: number
}

export interface Timeline {
  /** Due times from the start of the run, ascending. */
  readonly dueMs: Float64Array
  /** The first request that is measured. */
  readonly measuredFrom: number
}

/** Most requests of one run: what their times take in memory stays below 200 MB. */
export const MOST_REQUESTS = 3_000_000

export function makeTimeline(plan: TimelinePlan): Timeline {
  const { arrivals, ratePerSecond, warmUpMs, measuredMs, seed } = plan
  const random = mulberry32(seed)
  const drawn = (kind: Drawn, lengthMs: number) =>
    cumulated(gapsOf(kind, Math.round((ratePerSecond * lengthMs) / 1000), random), lengthMs)
  // A recording begins where what is measured begins; before it as many come as it has on average.
  const warm = warmUpMs > 0 ? drawn(arrivals.kind === 'trace' ? { kind: 'poisson' } : arrivals, warmUpMs) : []
  const measured = arrivals.kind === 'trace' ? replayed(arrivals.gapsMs, ratePerSecond, measuredMs) : drawn(arrivals, measuredMs)
  const dueMs = new Float64Array(warm.length + measured.length)
  dueMs.set(warm)
  for (const [k, at] of measured.entries()) dueMs[warm.length + k] = warmUpMs + at
  return { dueMs, measuredFrom: warm.length }
}

type Drawn = Exclude<Arrivals, { readonly kind: 'trace' }>

/** One gap more than arrivals: what is left after the last one counts, too. */
function gapsOf(arrivals: Drawn, count: number, random: () => number): number[] {
  const gaps = Array.from({ length: count + 1 }, (_, k) => {
    if (arrivals.kind === 'constant') return k === 0 || k === count ? 0.5 : 1
    if (arrivals.kind === 'bursts') return gamma(1 / arrivals.burstiness, random)
    return -Math.log(1 - (k + random()) / (count + 1))
  })
  return arrivals.kind === 'constant' ? gaps : shuffle(gaps, random)
}

/** Arrivals within `lengthMs` whose gaps have the given proportions. */
function cumulated(gaps: readonly number[], lengthMs: number): number[] {
  const sum = gaps.reduce((total, gap) => total + gap, 0)
  // Of a few bursts that vary much, all gaps may be below what a number holds.
  const scale = sum > 0 ? lengthMs / sum : 0
  let at = 0
  return gaps.slice(0, -1).map((gap) => {
    at = Math.min(lengthMs, at + gap * scale)
    return at
  })
}

/** Rounding of sums of gaps, ms. */
const TINY_MS = 1e-6

/** Arrivals within `lengthMs`: the trace's own gaps, stretched to the rate. A trace of n times has n arrivals, each pass n mean gaps. */
function replayed(gapsMs: readonly number[], ratePerSecond: number, lengthMs: number): number[] {
  const scale = traceRate(gapsMs) / ratePerSecond
  const times: number[] = []
  for (let at = 0, k = 0; at < lengthMs - TINY_MS && times.length < MOST_REQUESTS; k++) {
    times.push(at)
    const place = k % (gapsMs.length + 1)
    at += place === gapsMs.length ? 1000 / ratePerSecond : gapsMs[place]! * scale
  }
  return times
}

/** Arrivals a second of a trace as it was recorded. */
export const traceRate = (gapsMs: readonly number[]): number => (gapsMs.length * 1000) / gapsMs.reduce((sum, gap) => sum + gap, 0)

/** A gamma variable of shape `k` and scale 1: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, TOMS 26 (2000). */
function gamma(k: number, random: () => number): number {
  if (k < 1) return gamma(k + 1, random) * (1 - random()) ** (1 / k)
  const d = k - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}
