// Why is the application slower than the benchmark? A ladder from one to the other: each rung takes one difference away (what else the event
// loop runs, other sessions, other threads, gaps between calls, fresh inputs, what stands around predict, changing inputs), and is measured in
// turns with the one before, in several fresh processes. The first rung is measured twice: what those two differ by is noise, and a
// difference has to be larger. What is taken away stays away on the rungs that follow. The last one is the model file alone, and what it
// does not take of the rung before is explained by nothing here.
import { decide, geometricMean, INTERVAL_LEVEL, median } from '@whyslow/measure/statistics/index.ts'
import type { Contestant, ProcessActivity, TimeRequest } from '../turns/contestant.ts'

export type RungId =
  | 'app'
  | 'app-again'
  | 'loop-still'
  | 'sessions-still'
  | 'threads-still'
  | 'no-gap'
  | 'same-inputs'
  | 'predict-alone'
  | 'one-input'
  | 'model-alone'

export interface Rung {
  readonly id: RungId
  /** What is different from the rung before, as its reader would say it. */
  readonly title: string
  /** null: it is not a call of the application. */
  readonly time: Omit<TimeRequest, 'ask' | 'leastMs' | 'leastPasses'> | null
}

/** How long an application waits between two calls, ms: caches and clocks of the CPU are somebody else's by then. */
export const GAP_MS = 50

/** What is held still, in this order: while there are gaps, since calls without gaps leave the event loop no time for anything else. */
const STILL: readonly { readonly other: ProcessActivity; readonly id: RungId; readonly title: string }[] = [
  { other: 'loop', id: 'loop-still', title: 'nothing but the calls on the event loop' },
  { other: 'sessions', id: 'sessions-still', title: 'other sessions answer at once, without computing' },
  { other: 'threads', id: 'threads-still', title: 'other threads held still' },
]

/** The rung that holds it still. */
export const rungOf = (other: ProcessActivity): RungId => STILL.find((one) => one.other === other)!.id

export interface LadderPlan {
  /** The samples that are rotated through. */
  readonly order: readonly number[]
  /** What one call is made of. */
  readonly stages: readonly string[]
  /** What goes on in addition to the calls, and can be held still. */
  readonly others: readonly { readonly other: ProcessActivity; readonly seen: string | null }[]
}

/** Rungs from the application to the bare benchmark. */
export function rungsOf({ order, stages, others }: LadderPlan): Rung[] {
  const app = { order, copies: true, gapMs: GAP_MS }
  const held = STILL.flatMap((one) => others.filter(({ other }) => other === one.other).map(({ seen }) => ({ ...one, seen })))
  const upTo = (k: number) => held.slice(0, k + 1).map(({ other }) => other)
  const still = held.length === 0 ? {} : { still: upTo(held.length) }
  const all: Rung[] = [
    { id: 'app', title: `as an application calls it: a fresh input, ${GAP_MS} ms after the last call`, time: app },
    { id: 'app-again', title: 'the same once more: what this differs by is noise', time: app },
    ...held.map(({ id, title, seen }, k) => ({
      id,
      title: seen === null ? title : `${title}: ${seen}`,
      time: { ...app, still: upTo(k) },
    })),
    { id: 'no-gap', title: 'one call right after the other', time: { order, copies: true, ...still } },
    {
      id: 'same-inputs',
      title: 'the same inputs again and again, without new objects',
      time: { order, copies: false, ...still },
    },
    { id: 'predict-alone', title: 'without preprocess and postprocess', time: { order, copies: false, alone: true, ...still } },
    {
      id: 'one-input',
      title: 'one input alone, as benchmarks have it',
      time: { order: order.slice(0, 1), copies: false, alone: true, ...still },
    },
  ]
  return all.filter(({ id }) => (id !== 'predict-alone' || stages.length > 1) && (id !== 'one-input' || order.length > 1))
}

/** The last one: the model file, measured in a process of its own after each of the application's. */
export const modelAlone = (title: string): Rung => ({ id: 'model-alone', title, time: null })

/** ms of one call on each rung of the application, in one process: there and back again, so that what drifts meets all. */
export async function climb(program: Contestant, rungs: readonly Rung[], plan: ClimbPlan): Promise<number[]> {
  const requests = rungs.flatMap(({ time }) => time ?? [])
  const times = requests.map((): number[] => [])
  const forth = requests.map((_, k) => k)
  for (const k of [...forth, ...forth.toReversed()]) {
    const time = requests[k]!
    const request = { ask: 'time', ...time, leastMs: plan.leastMs, leastPasses: plan.leastPasses } as const
    const { passMs } = await program.ask(request, plan.limitMs)
    times[k]!.push(median(passMs) / time.order.length)
  }
  return times.map(geometricMean)
}

export interface ClimbPlan {
  readonly leastMs: number
  readonly leastPasses: number
  readonly limitMs: number
}

export interface Step {
  readonly id: Rung['id']
  readonly title: string
  readonly timeMs: number
  /** What the rung before takes beyond this one, ms; null: it is the first. */
  readonly savedMs: number | null
  /** The rung before over this one, with its interval over processes. */
  readonly ratio: number | null
  readonly ratioLow: number | null
  readonly ratioHigh: number | null
  /** The interval is beyond the smallest difference, and the difference is beyond what a rung that changes nothing shows in any process. Never of the model alone: nobody knows what that is. */
  readonly matters: boolean
}

/** As few as there may be, and the interval that is shown: a rung must differ from the control rung, too. */
const DECISION = { level: INTERVAL_LEVEL, leastPairs: 3 } as const

/** What each rung gives. `processes`: ms by rung, of each process. Pure. */
export function stepsOf(rungs: readonly Rung[], processes: readonly (readonly number[])[]): Step[] {
  const ratios = rungs.map((_, k) => (k === 0 ? [] : processes.map((times) => times[k - 1]! / times[k]!)))
  const control = rungs.findIndex(({ id }) => id === 'app-again')
  const noise = control < 1 ? 0 : Math.max(...ratios[control]!.map((ratio) => Math.abs(Math.log(ratio))))
  return rungs.map(({ id, title }, k) => {
    const timeMs = median(processes.map((times) => times[k]!))
    if (k === 0) return { id, title, timeMs, savedMs: null, ratio: null, ratioLow: null, ratioHigh: null, matters: false }
    const { verdict, ratio, ratioLow, ratioHigh } = decide(ratios[k]!, DECISION)
    const matters = id !== 'app-again' && id !== 'model-alone' && verdict !== 'no-difference' && Math.abs(Math.log(ratio)) > noise
    const savedMs = median(processes.map((times) => times[k - 1]! - times[k]!))
    return { id, title, timeMs, savedMs, ratio, ratioLow, ratioHigh, matters }
  })
}
