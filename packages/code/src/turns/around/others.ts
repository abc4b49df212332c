// What goes on in addition to the calls in a process of Node, and holding it still: what else the event loop runs, sessions other than the one that
// the calls are about, worker threads. Each is looked at while no call is on its way and while calls are, and tried before it is
// relied on: a call that waits for what is held would never end.
import type { AlternativeFound, AlternativesFound, ProcessActivity } from '../contestant.ts'
import type { SessionRuns, WatchedSession, WatchedSessions } from './sessions.ts'
import { type WatchedTimers, wait } from './timers.ts'
import type { WatchedWorkers } from './workers.ts'

/** How long is looked, ms: timers of an application come several times a second, or are not what makes its calls slow. */
const LOOK_MS = 300
/** Least share of the time at work: less is nothing to be taken away. */
const LEAST_SHARE = 0.01
/** Passes over all samples while that is examined. */
const PASSES = 2
/** How many times as long as usual a call may take before it is said to wait for what is held, and how long at least. */
const PATIENCE = 10
const LEAST_PATIENCE_MS = 1000

export interface WatchedWork {
  readonly timers: WatchedTimers
  readonly sessions: WatchedSessions
  readonly workers: WatchedWorkers
}

/** Holds all of `others` from here on. `pass`: one pass of the calls that are timed then; it is made where their outputs have to be known. */
export async function holdStill(
  watched: WatchedWork,
  others: readonly ProcessActivity[],
  pass: () => Promise<unknown>,
): Promise<void> {
  if (others.includes('sessions')) {
    watched.sessions.keep()
    await pass()
    watched.sessions.hold()
  }
  if (others.includes('loop')) watched.timers.hold()
  if (others.includes('threads')) await watched.workers.hold()
}

export async function letGo({ timers, sessions, workers }: WatchedWork, others: readonly ProcessActivity[]): Promise<void> {
  if (others.includes('threads')) await workers.release()
  if (others.includes('loop')) timers.release()
  sessions.release()
}

/** `pass`: all samples once, as calls. */
export async function lookAtOthers(watched: WatchedWork, pass: () => Promise<unknown>): Promise<AlternativesFound> {
  const { sessions, workers } = watched
  sessions.ran()
  const working = workers.watch()
  const loopShare = await busyShare()
  const idle = sessions.ran()
  const began = performance.now()
  const passes: SessionRuns[] = []
  while (passes.length < PASSES || performance.now() - began < LOOK_MS) {
    await pass()
    passes.push(sessions.ran())
  }
  const tookMs = performance.now() - began
  const shares = working().filter((share) => share >= LEAST_SHARE)
  sessions.main = mainOf(together(passes), idle, tookMs / LOOK_MS)
  const tried = { watched, pass, patienceMs: Math.max(LEAST_PATIENCE_MS, (PATIENCE * tookMs) / passes.length) }
  return {
    others: [await foundLoop(tried, loopShare), await foundSessions(tried, { idle, passes }), await foundThreads(tried, shares)],
    main: sessions.main?.file ?? null,
  }
}

/** Share of the time that the event loop is busy while no call is pending. Time that the machine gave to another process counts as busy. */
async function busyShare(): Promise<number> {
  const before = performance.eventLoopUtilization()
  await wait(LOOK_MS)
  return performance.eventLoopUtilization(before).utilization
}

interface Tried {
  readonly watched: WatchedWork
  readonly pass: () => Promise<unknown>
  readonly patienceMs: number
}

async function foundLoop(tried: Tried, first: number): Promise<AlternativeFound> {
  // Timers keep the loop busy whenever one looks; one pause of the machine does not, and is the length of a hundredth of a look.
  const share = first < LEAST_SHARE ? first : Math.min(first, await busyShare())
  if (share < LEAST_SHARE) return { other: 'loop', seen: null, reason: null }
  const seen = `busy for ${percent(share)} of the time between calls`
  tried.watched.timers.hold()
  const left = await busyShare()
  tried.watched.timers.release()
  if (left > share / 2)
    return {
      other: 'loop',
      seen,
      reason: 'the event loop is kept busy by something other than timers, and only timers can be paused',
    }
  return { other: 'loop', seen, reason: await reasonAgainst(tried, 'loop') }
}

async function foundSessions(
  tried: Tried,
  { idle, passes }: { readonly idle: SessionRuns; readonly passes: readonly SessionRuns[] },
): Promise<AlternativeFound> {
  const { main } = tried.watched.sessions
  const others = new Set([idle, ...passes].flatMap((ran) => [...ran.keys()]).filter((one) => one !== main))
  if (main === null || others.size === 0) return { other: 'sessions', seen: null, reason: null }
  if (passes.some((ran) => !ran.has(main)))
    return {
      other: 'sessions',
      seen: '',
      reason: 'no session runs in all calls: each call opens new ones, or they run only sometimes',
    }
  const names = [...others].map(({ file }) => file?.split(/[\\/]/).at(-1) ?? 'a model from memory')
  const seen = `${[...new Set(names)].sort().join(', ')} in addition to ${main.file?.split(/[\\/]/).at(-1) ?? 'a model from memory'}`
  return { other: 'sessions', seen, reason: await reasonAgainst(tried, 'sessions') }
}

async function foundThreads(tried: Tried, shares: readonly number[]): Promise<AlternativeFound> {
  if (shares.length === 0) return { other: 'threads', seen: null, reason: null }
  const most = percent(Math.max(...shares))
  const seen =
    shares.length === 1 ? `one, at work for ${most} of the time` : `${shares.length}, at work for up to ${most} of the time`
  return { other: 'threads', seen, reason: await reasonAgainst(tried, 'threads') }
}

/** Why it cannot be held; null: calls go on as before. */
async function reasonAgainst({ watched, pass, patienceMs }: Tried, other: ProcessActivity): Promise<string | null> {
  const begin = async (): Promise<string | null> => {
    try {
      watched.sessions.pass()
      await pass()
      return null
    } catch (error) {
      return `a call fails without it: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  await holdStill(watched, [other], pass)
  const passing = begin()
  const first = await Promise.race([passing, wait(patienceMs).then(() => 'late' as const)])
  await letGo(watched, [other])
  if (first !== 'late') return first
  await passing
  return 'a call waits for it'
}

/** The one that calls spend most in, less what runs whether there are calls or not. */
function mainOf(calls: SessionRuns, idle: SessionRuns, times: number): WatchedSession | null {
  const ofCalls = [...calls].map(([one, { ms }]) => ({ one, ms: ms - times * (idle.get(one)?.ms ?? 0) }))
  const [first] = ofCalls.filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms)
  return first?.one ?? null
}

function together(passes: readonly SessionRuns[]): SessionRuns {
  const all = new Map<WatchedSession, { runs: number; ms: number }>()
  for (const [one, { runs, ms }] of passes.flatMap((ran) => [...ran])) {
    const before = all.get(one) ?? { runs: 0, ms: 0 }
    all.set(one, { runs: before.runs + runs, ms: before.ms + ms })
  }
  return all
}

const percent = (share: number): string => `${Math.round(100 * share)} %`
