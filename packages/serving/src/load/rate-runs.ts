// The runs of a search, each judged by the objective, and the runs of one rate judged together. A run in which the generator was late says
// nothing of the server: it is made again, while there is time.
import type { LoadSearchRun } from '@whyslow/report/documents/load.ts'
import type { Outcome } from './narrow.ts'
import { isSure, judge, type Objective } from './objective.ts'

/** What a run at a rate gives; `latencies` infinite if no good answer came. */
export interface SearchSample {
  readonly latencies: Float64Array
  readonly saturated: boolean
  /** The generator did not keep to its schedule, and whether the objective holds is not known. */
  readonly limited: boolean
  /** The run is too short to say whether the server keeps up. */
  readonly isUnclear?: boolean
}

/** `stage` 'alone': one request after another, `ratePerSecond` null. */
export type SearchRun = (ratePerSecond: number | null, seed: number, stage: LoadSearchRun['stage']) => Promise<SearchSample>

/** Whether this many runs at a rate can still be made. */
export type HasTimeFor = (ratePerSecond: number, runs: number) => boolean

/** Several runs of one rate, as if they were one. */
export interface PooledRuns {
  readonly ratePerSecond: number
  readonly runs: number
  readonly held: boolean
  /** The bound is outside the interval of the percentile or mean: more runs would not say otherwise. */
  readonly isSure: boolean
}

export interface Tries {
  readonly runs: LoadSearchRun[]
  /** Latencies of the last run. */
  readonly last: () => Float64Array
  at(ratePerSecond: number | null, stage: LoadSearchRun['stage']): Promise<Outcome>
  /** The runs of one rate together, but those with a late generator; of these stages only, if given. */
  pooled(ratePerSecond: number, stages?: readonly LoadSearchRun['stage'][]): PooledRuns
}

/** Runs of one rate in which the generator is late, before the rate is called too high for it. */
const ATTEMPTS = 3

export function triesOf(objective: Objective, run: SearchRun, firstSeed: number, hasTimeFor: HasTimeFor = () => true): Tries {
  const runs: LoadSearchRun[] = []
  const samples: SearchSample[] = []
  const once = async (ratePerSecond: number | null, stage: LoadSearchRun['stage']): Promise<Outcome> => {
    const seed = firstSeed + runs.length
    const sample = await run(ratePerSecond, seed, stage)
    samples.push(sample)
    const { latencies, saturated, limited, isUnclear = false } = sample
    const judged = judge(objective, latencies)
    const held = judged.held && !saturated && !limited && !isUnclear
    const valueMs = saturated || limited ? null : judged.valueMs
    const late = limited ? { generatorLate: true } : {}
    runs.push({ stage, ratePerSecond, seed, requests: latencies.length, over: judged.over, valueMs, saturated, held, ...late })
    if (limited) return 'late'
    return held ? 'holds' : 'fails'
  }
  return {
    runs,
    last: () => samples.at(-1)!.latencies,
    async at(ratePerSecond, stage) {
      let outcome = await once(ratePerSecond, stage)
      for (let attempt = 1; attempt < ATTEMPTS && outcome === 'late' && hasTimeFor(ratePerSecond ?? 0, 1); attempt++)
        outcome = await once(ratePerSecond, stage)
      return outcome
    },
    pooled(ratePerSecond, stages) {
      const own = samples.filter((sample, k) => {
        const { stage, ratePerSecond: rate } = runs[k]!
        return rate === ratePerSecond && !sample.limited && (stages === undefined || stages.includes(stage))
      })
      const latencies = joined(own.map((sample) => sample.latencies))
      const isFull = own.some(({ saturated }) => saturated)
      const held = !isFull && !own.some(({ isUnclear }) => isUnclear) && judge(objective, latencies).held
      return { ratePerSecond, runs: own.length, held, isSure: isFull || isSure(objective, latencies) }
    },
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
