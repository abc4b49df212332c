// A first look at one set-up of a server: what it answers at most, and the rate that one short run each holds an objective at. Nothing is
// confirmed here.
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { rateInWords } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadPoint, LoadSetup } from '@whyslow/report/documents/load.ts'
import { type Ceiling, measureCeiling } from '../../load/audit.ts'
import { measureClosed } from '../../load/measure.ts'
import { type Objective, parseObjective } from '../../load/objective.ts'
import type { HasTimeFor, SearchRun } from '../../load/rate-runs.ts'
import { leastInRun, roughRate } from '../../load/search.ts'
import { capacityOf, clientsFor, possiblePerSecond } from './capacity.ts'
import { openModelTarget } from './model-target.ts'
import type { OpenedTarget } from './opened-target.ts'
import { LOAD_DEFAULTS, type LoadOptions } from './options.ts'
import { planOf } from './plan.ts'
import { type SearchPlan, searchRun, wholeSeconds } from './search-runs.ts'
import { runWithServerCounters } from './server-counters.ts'

export interface LookRequest {
  /** Lower rates are of no interest; null: all are. */
  readonly leastPerSecond: number | null
  readonly hasSeconds: (seconds: number) => boolean
}

export interface Rates {
  /** Rate with clients that wait for their answers, two for each row that is predicted at once; null: not measured, since nothing is joined. */
  readonly answersPerSecond: number | null
  /** Held, and did not; null: none that is of interest. */
  readonly low: number | null
  readonly high: number | null
  /** Why none holds; null: one does. */
  readonly why: string | null
}

export interface RoughLook extends Rates {
  readonly setup: LoadSetup
  readonly ceiling: Ceiling
}

/** Share of what it answers at most: an open loop sustains less. */
const FIRST_SHARE = 0.8
const RUN = { leastSeconds: 2.5, mostSeconds: 6 } as const

/** `given`: the set-up, an objective and inputs. Throws InputError if the model is not served so. */
export function lookAt(file: string, given: Partial<LoadOptions>, asked: LookRequest): Promise<RoughLook> {
  const options = { ...LOAD_DEFAULTS, ...given }
  return inTemporaryFolder(async (folder) => {
    const opened = await openModelTarget(file, options, folder)
    try {
      return await looked(opened, options, asked)
    } finally {
      opened.close()
    }
  })
}

async function looked(opened: OpenedTarget, options: LoadOptions, asked: LookRequest): Promise<RoughLook> {
  const { target } = opened
  const { signal, seed } = options
  const setup = opened.setup!
  const ceiling = options.ceiling ?? (await measureCeiling(target, null, signal))
  const objective = parseObjective(options.slo!)
  const plan: SearchPlan = { ...planOf(options), objective, ceilingPerSecond: ceiling.ceilingPerSecond }
  const timeoutMs = options.timeoutSeconds * 1000
  const runs: LookRuns = {
    closed: async (seconds) => {
      const closed = { target, seed, timeoutMs, signal, clients: clientsFor(setup), length: { seconds } }
      return (await runWithServerCounters(opened, () => measureClosed(closed), closed)).point
    },
    rated: (secondsAt) => searchRun(opened, plan, options, { secondsAt }),
  }
  const isToJoin = options.maxBatch === 'auto'
  return { setup, ceiling, ...(await ratesOf({ setup, objective, seed, isToJoin }, runs, asked)) }
}

/** Its runs, each for this many seconds. */
export interface LookRuns {
  /** Clients that wait for their answers. */
  readonly closed: (seconds: number) => Promise<Pick<LoadPoint, 'achievedPerSecond'>>
  /** Requests by a rate. */
  readonly rated: (secondsAt: (ratePerSecond: number) => number) => SearchRun
}

interface LookedAt {
  readonly setup: LoadSetup
  readonly objective: Objective
  readonly seed: number
  /** Requests are to be joined, where that pays. */
  readonly isToJoin: boolean
}

/** What it answers at most, and the rates around the highest that short runs hold. */
export async function ratesOf(
  { setup, objective, seed, isToJoin }: LookedAt,
  { closed, rated }: LookRuns,
  asked: LookRequest,
): Promise<Rates> {
  const { leastPerSecond: least, hasSeconds } = asked
  const none = (why: string, answersPerSecond: number | null = null): Rates => ({ answersPerSecond, low: null, high: null, why })
  if (isToJoin && setup.maxBatch === 1) return none(`requests are not joined: ${setup.whyAlone ?? 'it does not pay'}`)
  const capacity = await capacityOf(closed, (seconds) => hasSeconds(wholeSeconds(seconds)))
  const most = capacity.answersPerSecond
  if (most === 0) return none(`no request was answered in ${capacity.seconds} s`, most)
  if (least !== null && possiblePerSecond(capacity, setup) < least)
    return none(`another set-up holds ${rateInWords(least)} requests/s, more than it answers`, most)
  const secondsAt = (rate: number) => Math.max(RUN.leastSeconds, Math.min(RUN.mostSeconds, leastInRun(objective) / rate))
  const hasTimeFor: HasTimeFor = (rate, runs) => hasSeconds(runs * wholeSeconds(secondsAt(rate)))
  const start = { firstSeed: seed, startAt: least ?? FIRST_SHARE * most, isLeast: least !== null }
  const { low, high, late, runs } = await roughRate(objective, { run: rated(secondsAt), hasTimeFor, ...start })
  if (low !== null) return { answersPerSecond: most, low, high, why: null }
  if (late !== null) return none(`not known: the generator was late at ${rateInWords(late)} requests/s`, most)
  const isCut = runs.length === 0 || (least === null && !hasTimeFor(high ?? start.startAt, 1))
  if (isCut) return none('the time was used up; give more (--budget)', most)
  if (least !== null) return none(`it does not hold ${rateInWords(least)} requests/s`, most)
  return none(`it holds ${objective.text} at none of the rates that were tried`, most)
}
