// The runs of a search, each judged by the objective. A run that misses by less than its own interval, or does not show whether the server keeps
// up, is made longer before it counts as failed, up to four times as long, while there is time. A run in which the generator was late is none:
// it is made again, while there is time.
import type { LoadSearchRun } from '../report/documents/load.ts'
import { isUndecided, judge, type Objective } from './objective.ts'

/** What a run at a rate gives; `latencies` infinite where no good answer came. */
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

/** Whether so many runs at a rate can still be made. */
export type HasTimeFor = (ratePerSecond: number, runs: number) => boolean

export type Outcome = 'holds' | 'fails' | 'late'

export interface Tries {
  readonly runs: LoadSearchRun[]
  newSeed(): number
  at(ratePerSecond: number | null, stage: LoadSearchRun['stage'], seed?: number): Promise<Outcome>
}

/** Runs at a rate in which the generator is late, before that is how it is. */
const ATTEMPTS = 3
/** A confirming run that misses the objective by less than it is sure of becomes so many times as long at most. */
const LENGTHS = 4
/** So many runs must fit after one is made longer. */
const KEPT_RUNS = 10

export function triesOf(objective: Objective, run: SearchRun, firstSeed: number, hasTimeFor: HasTimeFor = () => true): Tries {
  const runs: LoadSearchRun[] = []
  let next = firstSeed
  const newSeed = () => next++
  const once = async (ratePerSecond: number | null, stage: LoadSearchRun['stage'], seed: number): Promise<Outcome> => {
    let { latencies, saturated, limited, isUnclear = false } = await run(ratePerSecond, seed, stage)
    const most = stage === 'confirm' || stage === 'above' ? LENGTHS : 1
    const isOpen = () =>
      !saturated && !limited && (isUnclear || isUndecided(objective, latencies)) && hasTimeFor(ratePerSecond ?? 0, 1 + KEPT_RUNS)
    for (let length = 1; length < most && isOpen(); length++) {
      const more = await run(ratePerSecond, newSeed(), stage)
      latencies = joined(latencies, more.latencies)
      saturated = more.saturated
      limited = more.limited
      isUnclear = more.isUnclear ?? false
    }
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
    newSeed,
    async at(ratePerSecond, stage, seed = newSeed()) {
      let outcome = await once(ratePerSecond, stage, seed)
      const goesOn = () => outcome === 'late' && hasTimeFor(ratePerSecond ?? 0, 1)
      for (let attempt = 1; attempt < ATTEMPTS && goesOn(); attempt++) outcome = await once(ratePerSecond, stage, seed)
      return outcome
    },
  }
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const both = new Float64Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
