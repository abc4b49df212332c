// The operators of one step in the order in which they were called: what a model's nodes are joined with. Operators call each other; of
// those that hold others the outermost that is known counts, with all that it called.
import type { Timeline } from '../recordings/recording.ts'
import type { Callers } from './callers.ts'
import type { JudgedWork } from './device-work.ts'
import { byStart, endOf, eventsOf, filterEvents } from './events.ts'
import type { RecordedCall, RecordedCalls } from './facts.ts'
import { PairIndex } from './id-index.ts'
import { nodeName } from './names.ts'
import { classOf, isFree } from './operator-classes.ts'

export interface CallsGiven {
  readonly timeline: Timeline
  /** Start and end of each run, µs. */
  readonly runs: readonly (readonly [fromUs: number, toUs: number])[]
  /** Runs are as the recording marks them; false: it marks none, and all of it is one. */
  readonly marked: boolean
  /** Whose operators; undefined: all threads'. */
  readonly thread: number | undefined
  readonly judged: JudgedWork | undefined
  readonly callers: Callers
}

/** More of them are no prediction of one model. */
const MOST_CALLS = 20_000

/** The calls of a run; the reason, in words, if there are none. */
export function recordedCalls({ timeline, runs, marked, thread, judged, callers }: CallsGiven): RecordedCalls | string {
  const nodes = eventsOf(timeline, 'node')
  const all = nodes.length > 0 ? nodes : eventsOf(timeline, 'op')
  const own = nodes.length > 0 || thread === undefined ? all : filterEvents(all, (event) => timeline.track[event] === thread)
  const [first, last] = [runs[0], runs.at(-1)]
  if (own.length === 0 || first === undefined || last === undefined) return 'no operators were recorded'
  const inside = filterEvents(own, (event) => timeline.startUs[event]! >= first[0] && timeline.startUs[event]! < last[1])
  const sorted = byStart(timeline, inside)
  const { chosen, owner } = outermost(timeline, sorted)
  const timesUs =
    judged === undefined
      ? hostTimes(timeline, { sorted, chosen, owner })
      : deviceTimes(timeline, { chosen, owner, judged, callers })
  const { sequences, otherRuns } = alike(timeline, chosen, { runs, marked })
  const length = sequences[0]?.length ?? 0
  if (length === 0) return 'no operators were recorded'
  if (length > MOST_CALLS)
    return `${length} operators ${marked ? 'in a step' : 'without a marked step'}, too many to be one prediction; mark each as a step`
  const count = sequences.length
  const mean = (at: number): number => sequences.reduce((sum, one) => sum + timesUs.of(one[at]!), 0) / count / 1000
  return {
    calls: sequences[0]!.map((event, at) => ({ ...toldOf(timeline, event), timeMs: mean(at) })),
    ...{ runs: count, otherRuns, restMs: timesUs.restUs / 1000 / (count + otherRuns) },
  }
}

function toldOf({ names, name, detail, details }: Timeline, event: number): Omit<RecordedCall, 'timeMs'> {
  const told = nodeName(names[name[event]!]!)
  const { shapes, types, opType } = details[detail[event]!]!
  return { name: told, opType: opType ?? told, shapes: shapes ?? null, types: types ?? null }
}

/** Events that are no part of one that is known, and by event which of them it belongs to: -1 for none. */
function outermost(timeline: Timeline, sorted: Uint32Array): { chosen: Uint32Array; owner: Int32Array } {
  const { names, name, details, detail, track, durationUs } = timeline
  const [pairs, classed] = [new PairIndex(), [] as boolean[]]
  const isKnown = (event: number): boolean => {
    const pair = pairs.of(name[event]!, detail[event]!)
    classed[pair] ??= classOf(nodeName(names[name[event]!]!), details[detail[event]!]!.opType ?? '') !== undefined
    return classed[pair]
  }
  const parent = new Int32Array(sorted.length).fill(-1)
  const open = new Map<number, number[]>()
  for (let at = 0; at < sorted.length; at++) {
    const event = sorted[at]!
    const stack = open.get(track[event]!) ?? []
    if (stack.length === 0) open.set(track[event]!, stack)
    while (stack.length > 0 && endOf(timeline, sorted[stack.at(-1)!]!) <= timeline.startUs[event]! + 1e-4) stack.pop()
    parent[at] = stack.at(-1) ?? -1
    if (durationUs[event]! > 0) stack.push(at)
  }
  // Known and within nothing known; then, of what holds no such, the outermost.
  const within = new Uint8Array(sorted.length)
  const holds = new Uint8Array(sorted.length)
  for (let at = 0; at < sorted.length; at++) {
    const above = parent[at]!
    if (above >= 0 && within[above] === 1) within[at] = 1
    else if (isKnown(sorted[at]!)) {
      within[at] = 1
      for (let one = above; one >= 0 && holds[one] === 0; one = parent[one]!) holds[one] = 1
    }
  }
  const owners = new Int32Array(sorted.length).fill(-1)
  const chosen: number[] = []
  for (let at = 0; at < sorted.length; at++) {
    const above = parent[at]!
    const isOwner = within[at] === 1 ? above < 0 || within[above] === 0 : holds[at] === 0 && (above < 0 || holds[above] === 1)
    owners[at] = isOwner ? sorted[at]! : above >= 0 ? owners[above]! : -1
    if (isOwner && (within[at] === 1 || !isFree(names[name[sorted[at]!]!]!))) chosen.push(sorted[at]!)
  }
  const owner = new Int32Array(timeline.length).fill(-1)
  for (let at = 0; at < sorted.length; at++) owner[sorted[at]!] = owners[at]!
  return { chosen: Uint32Array.from(chosen), owner }
}

interface Times {
  of(event: number): number
  readonly restUs: number
}

interface Owned {
  readonly chosen: Uint32Array
  readonly owner: Int32Array
}

function hostTimes({ durationUs }: Timeline, { sorted, chosen, owner }: Owned & { readonly sorted: Uint32Array }): Times {
  const told = new Uint8Array(owner.length)
  for (const event of chosen) told[event] = 1
  let restUs = 0
  for (const event of sorted) if (owner[event] === event && told[event] === 0) restUs += durationUs[event]!
  return { of: (event) => durationUs[event]!, restUs }
}

interface DeviceGiven extends Pick<CallsGiven, 'callers'>, Owned {
  readonly judged: JudgedWork
}

function deviceTimes({ durationUs }: Timeline, { chosen, owner, judged, callers }: DeviceGiven): Times {
  // By event; -1: none that is told.
  const times = new Float64Array(owner.length).fill(-1)
  for (const event of chosen) times[event] = 0
  let restUs = 0
  for (const event of judged.events) {
    const caller = callers(event)
    const known = caller < 0 ? -1 : owner[caller]!
    if (known < 0 || times[known]! < 0) restUs += durationUs[event]!
    else times[known]! += durationUs[event]!
  }
  return { of: (event) => Math.max(0, times[event]!), restUs }
}

/** The runs that called the same in the same order, of those the most common; without marks, the rounds of a loop. */
function alike(
  timeline: Timeline,
  chosen: Uint32Array,
  { runs, marked }: Pick<CallsGiven, 'runs' | 'marked'>,
): { sequences: readonly (readonly number[])[]; otherRuns: number } {
  const key = (event: number): string => `${timeline.name[event]} ${timeline.detail[event]}`
  const sequences = runs.map((): number[] => [])
  let run = 0
  for (const event of chosen) {
    const at = timeline.startUs[event]!
    while (run < runs.length && at >= runs[run]![1]) run++
    if (run < runs.length && at >= runs[run]![0]) sequences[run]!.push(event)
  }
  if (!marked) return { sequences: rounds(sequences[0]!, key), otherRuns: 0 }
  const byKey = new Map<string, number[][]>()
  for (const sequence of sequences) {
    const signature = sequence.map(key).join('|')
    const same = byKey.get(signature)
    if (same === undefined) byKey.set(signature, [sequence])
    else same.push(sequence)
  }
  const [most = []] = [...byKey.values()].sort((a, b) => b.length - a.length)
  return { sequences: most, otherRuns: runs.length - most.length }
}

/** The shortest stretch that the whole repeats. */
function rounds(sequence: readonly number[], key: (event: number) => string): number[][] {
  // Looking for one takes as long as the square of it in the worst case.
  if (sequence.length > 5 * MOST_CALLS) return [[...sequence]]
  const keys = sequence.map(key)
  for (let period = 1; period <= keys.length / 2; period++) {
    if (keys.length % period !== 0) continue
    if (keys.every((one, at) => at < period || one === keys[at - period])) {
      const count = keys.length / period
      return Array.from({ length: count }, (_, round) => sequence.slice(round * period, (round + 1) * period))
    }
  }
  return [[...sequence]]
}
