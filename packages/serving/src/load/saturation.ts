// Whether the server keeps up. Latencies of a queue that grows for as long as one looks say how long one looked: such a run has no
// percentiles. A queue that holds empties now and then, however long it gets in between (a stall, a burst): so it is the least that is
// outstanding that tells, in fifths of the run, where more is left at the end than chance leaves. Told in 300 simulated runs each, by
// Poisson arrivals, exponential and fixed service times, %:
//
//                                60 %    85 %    95 %     120 %
//    100 requests, 1–4 workers      0     0–2     0–9     59–81
//    100 requests, 16 workers       0     2–7    5–19     26–66
//   1000 requests, 1–16 workers     0       0     0–1    98–100
//
// Between the two is a run that is too short to say, of which no percentiles are given, either. Of 1000 requests and 1 to 16 workers (200
// runs each) those are 0 to 1 % at 85 % of the capacity and 1 to 20 % at 95 %; at 105 % overload is told in 50 to 79 %, and in 21 to 38 % that it
// is not clear.

/** Times of requests from the start of the run, ms; `doneMs` infinite where no answer came. Those of the warm-up are among them. */
export interface Crossings {
  readonly dueMs: Float64Array
  readonly doneMs: Float64Array
  readonly fromMs: number
  readonly toMs: number
}

export interface Queue {
  /** Least outstanding requests in each fifth of the run. */
  readonly leastOutstanding: readonly number[]
  readonly meanOutstanding: number
  readonly mostOutstanding: number
  readonly outstandingAtEnd: number
  /** Answers within the run. */
  readonly completed: number
  /** Outstanding over time, `SERIES` means over equal parts. */
  readonly series: readonly number[]
}

const FIFTHS = 5
const SERIES = 60
/** As few are outstanding at a server with a few workers that is never quite idle. */
const FEW = 3
/** Share of the run's requests: a shorter queue at the end does not grow. */
const LEFT_SHARE = 0.005
/** Nor is one that n requests leave by chance: their arrivals and services are some √n off. */
const LEFT_BY_CHANCE = 1.5
/** How far it may fall from fifth to fifth by chance. */
const FALL = 0.7
/** Share of the run's requests: fewer than 99 % were answered within it, a common rule for overload. */
const BEHIND_SHARE = 0.01
/** As many as a p99 takes: of fewer, sixteen workers that are busy look as if more and more were outstanding. */
const LEAST_TO_DOUBT = 662
/** Least share of what is outstanding at the end that is outstanding throughout the last fifth. */
const DOUBT_LEAST = 0.25

export function queueOf({ dueMs, doneMs, fromMs, toMs }: Crossings): Queue {
  const arrivals = dueMs.slice().sort()
  const ends = doneMs.slice().sort()
  const least = new Array<number>(FIFTHS).fill(Number.POSITIVE_INFINITY)
  const areas = new Array<number>(SERIES).fill(0)
  const length = toMs - fromMs
  let [outstanding, most, completed, at] = [0, 0, 0, fromMs]
  const pass = (untilMs: number) => {
    addArea(areas, (at - fromMs) / length, (untilMs - fromMs) / length, outstanding)
    const first = Math.min(FIFTHS - 1, Math.floor(((at - fromMs) / length) * FIFTHS))
    const last = Math.max(first, Math.ceil(((untilMs - fromMs) / length) * FIFTHS) - 1)
    for (let k = first; k <= last; k++) least[k] = Math.min(least[k]!, outstanding)
    most = Math.max(most, outstanding)
    at = untilMs
  }
  let [a, e] = [0, 0]
  for (;;) {
    const next = Math.min(arrivals[a] ?? Number.POSITIVE_INFINITY, ends[e] ?? Number.POSITIVE_INFINITY)
    if (!(next < toMs)) break
    if (next > at) pass(next)
    if (ends[e] === next) {
      outstanding--
      if (next >= fromMs) completed++
      e++
    } else {
      outstanding++
      a++
    }
  }
  pass(toMs)
  const series = areas.map((area) => area * SERIES)
  const meanOutstanding = areas.reduce((sum, area) => sum + area, 0)
  return { leastOutstanding: least, meanOutstanding, mostOutstanding: most, outstandingAtEnd: outstanding, completed, series }
}

/** Adds `height` over the part of the run from `from` to `to` (0..1) to the equal parts that it covers. */
function addArea(areas: number[], from: number, to: number, height: number): void {
  const last = Math.min(areas.length - 1, Math.floor(to * areas.length))
  for (let k = Math.floor(from * areas.length); k <= last; k++) {
    const covered = Math.min(to, (k + 1) / areas.length) - Math.max(from, k / areas.length)
    if (covered > 0) areas[k]! += height * covered
  }
}

/** `scheduled`: requests that arrived within the run. */
export function grows({ leastOutstanding: least, outstandingAtEnd }: Queue, scheduled: number): boolean {
  const [first, , third, fourth, last] = least as [number, number, number, number, number]
  if (last <= Math.max(FEW, 2 * first) || third === 0 || fourth === 0) return false
  if (outstandingAtEnd <= Math.max(LEFT_SHARE * scheduled, LEFT_BY_CHANCE * Math.sqrt(scheduled))) return false
  if (last < outstandingAtEnd / 2) return false
  return least.every((one, k) => k === 0 || one >= least[k - 1]! * (k === 1 ? 1 : FALL))
}

/** For a queue that does not grow: whether it may be about to, and the run is too short to say. */
export function mayGrow({ leastOutstanding: least, outstandingAtEnd }: Queue, scheduled: number): boolean {
  const [first, last] = [least[0]!, least.at(-1)!]
  if (scheduled < LEAST_TO_DOUBT || last <= Math.max(FEW, first, DOUBT_LEAST * outstandingAtEnd)) return false
  return outstandingAtEnd > Math.max(BEHIND_SHARE * scheduled, Math.sqrt(scheduled))
}
