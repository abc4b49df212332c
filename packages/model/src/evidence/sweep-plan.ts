// Which points of a sweep fit into a time: all of them in several rounds, else fewer rounds, shorter processes and fewer points.
import type { LeastRuns } from '@whyslow/measure/engines/types.ts'
import { expectedBlockMs, FEW_RUNS, LEAST_RUNS, LEAST_WARMUP_MS } from '@whyslow/measure/timing/latency-block.ts'
import { PROCESS_MS } from '@whyslow/measure/trials/limits.ts'
import type { FirstLook } from '@whyslow/measure/try-once.ts'

interface Point {
  readonly at: number
  /** A prediction there takes this many times as long as one at the value in use, at worst. */
  readonly times: number
}

/** What a model and a machine allow to be swept: two points or more. */
export interface SweepChoice {
  /** The value in use. */
  readonly current: number
  readonly points: readonly Point[]
}

export interface PlannedSweep {
  readonly points: readonly number[]
  readonly rounds: number
  readonly least: LeastRuns
  /** Time of the longest of its processes, ms. */
  readonly longestMs: number
  /** Time of all of them, ms. */
  readonly plannedMs: number
}

export const SWEEP_SAMPLE_MS = 150
/** A curve of two points is a straight line whatever was measured. */
const CURVE_POINTS = 3

/** Fewest runs of a process, richest first. */
const RUNS: readonly LeastRuns[] = [LEAST_RUNS, FEW_RUNS, { warmup: 1, samples: 3 }]
/** Runs for predictions so long that the first one alone warms up for as long as others are warmed up for. */
const LONG_RUNS: readonly LeastRuns[] = [...RUNS, ...[3, 2, 1].map((samples) => ({ warmup: 0, samples }))]

export const runsFor = ({ predictionMs }: FirstLook): readonly LeastRuns[] => (predictionMs < LEAST_WARMUP_MS ? RUNS : LONG_RUNS)

/** null if two points in the fewest rounds take longer. `rounds`: most first. */
export function planSweep(
  look: FirstLook,
  { current, points }: SweepChoice,
  rounds: readonly number[],
  withinMs: number,
): PlannedSweep | null {
  const subsets = thinned(look, points, current)
  for (const fewest of new Set([Math.min(CURVE_POINTS, points.length), 2])) {
    for (const count of rounds) {
      for (const subset of subsets.filter(({ length }) => length >= fewest)) {
        for (const least of runsFor(look)) {
          const planned = sweepOf(look, subset, count, least)
          if (planned.plannedMs <= withinMs) return planned
        }
      }
    }
  }
  return null
}

/** The least that a sweep takes, ms: two points in this many rounds. */
export const leastSweepMs = (look: FirstLook, { current, points }: SweepChoice, rounds: number): number =>
  sweepOf(look, thinned(look, points, current).at(-1)!, rounds, runsFor(look).at(-1)!).plannedMs

function sweepOf(look: FirstLook, points: readonly Point[], rounds: number, least: LeastRuns): PlannedSweep {
  const processesMs = points.map((point) => processMs(look, point, least))
  const roundMs = processesMs.reduce((sum, ms) => sum + ms, 0)
  return {
    points: points.map(({ at }) => at),
    rounds,
    least,
    longestMs: Math.max(...processesMs),
    plannedMs: rounds * roundMs,
  }
}

function processMs({ loadMs, predictionMs }: FirstLook, { times }: Point, least: LeastRuns): number {
  const slower = { loadMs, predictionMs: predictionMs * times }
  return PROCESS_MS + expectedBlockMs(slower, { sampleMs: SWEEP_SAMPLE_MS, least })
}

/**
 * All points, then one less each time: the one that takes more than the others together, else the inner one that lies closest to its
 * neighbours, else the longest. The value in use stays.
 */
function thinned(look: FirstLook, points: readonly Point[], current: number): (readonly Point[])[] {
  const subsets = [points]
  for (let left = points; left.length > 2; subsets.push(left)) {
    const gone = leastMissed(look, left, current)
    left = left.filter((point) => point !== gone)
  }
  return subsets
}

function leastMissed(look: FirstLook, points: readonly Point[], current: number): Point {
  const tookMs = (point: Point) => processMs(look, point, runsFor(look).at(-1)!)
  const others = points.filter(({ at }) => at !== current)
  const longest = others.reduce((a, b) => (b.times > a.times ? b : a))
  if (2 * tookMs(longest) > points.reduce((sum, point) => sum + tookMs(point), 0)) return longest
  const gap = (point: Point) => {
    const i = points.indexOf(point)
    return points[i + 1]!.at / points[i - 1]!.at
  }
  const inner = others.filter((point) => point !== points[0] && point !== points.at(-1))
  return inner.length === 0 ? longest : inner.reduce((a, b) => (gap(b) < gap(a) ? b : a))
}
