// The operators of one step in the order in which they were called: what a model's nodes are joined with. Operators call each other; of
// those that hold others the outermost that is known counts, with all that it called.
import type { Timeline } from '../../evidence/traces/recording.ts'
import type { Callers } from './callers.ts'
import type { Judged } from './device-work.ts'
import { byStart, endOf, eventsOf } from './events.ts'
import type { RecordedCall, RecordedCalls } from './facts.ts'
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
  readonly judged: Judged | undefined
  readonly callers: Callers
}

/** More of them are no prediction of one model. */
const MOST_CALLS = 20_000

/** The calls of a run; the reason, in words, where there are none. */
export function recordedCalls({ timeline, runs, marked, thread, judged, callers }: CallsGiven): RecordedCalls | string {
  const nodes = eventsOf(timeline, 'node')
  const all = nodes.length > 0 ? nodes : eventsOf(timeline, 'op')
  const own = nodes.length > 0 || thread === undefined ? all : all.filter((event) => timeline.track[event] === thread)
  const [first, last] = [runs[0], runs.at(-1)]
  if (own.length === 0 || first === undefined || last === undefined) return 'no operators were recorded'
  const inside = own.filter((event) => timeline.startUs[event]! >= first[0] && timeline.startUs[event]! < last[1])
  const { chosen, owner } = outermost(timeline, byStart(timeline, inside))
  const timesUs =
    judged === undefined ? hostTimes(timeline, chosen, owner) : deviceTimes(timeline, { chosen, owner, judged, callers })
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

/** Events that are no part of one that is known, and for each event which of them it belongs to: -1 for none. */
function outermost(timeline: Timeline, sorted: Uint32Array): { chosen: Uint32Array; owner: Map<number, number> } {
  const { names, name, details, detail, track, durationUs } = timeline
  const classed = new Map<string, boolean>()
  const isKnown = (event: number): boolean => {
    const [text, type] = [nodeName(names[name[event]!]!), details[detail[event]!]!.opType ?? '']
    const key = `${text}\n${type}`
    const known = classed.get(key) ?? classOf(text, type) !== undefined
    classed.set(key, known)
    return known
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
  const owner = new Map<number, number>()
  for (let at = 0; at < sorted.length; at++) owner.set(sorted[at]!, owners[at]!)
  return { chosen: Uint32Array.from(chosen), owner }
}

interface Times {
  of(event: number): number
  readonly restUs: number
}

function hostTimes({ durationUs }: Timeline, chosen: Uint32Array, owner: ReadonlyMap<number, number>): Times {
  const told = new Set(chosen)
  let restUs = 0
  for (const [event, own] of owner) if (event === own && !told.has(event)) restUs += durationUs[event]!
  return { of: (event) => durationUs[event]!, restUs }
}

interface DeviceGiven extends Pick<CallsGiven, 'callers'> {
  readonly chosen: Uint32Array
  readonly owner: ReadonlyMap<number, number>
  readonly judged: Judged
}

function deviceTimes({ durationUs }: Timeline, { chosen, owner, judged, callers }: DeviceGiven): Times {
  const times = new Map<number, number>([...chosen].map((event) => [event, 0]))
  let restUs = 0
  for (const event of judged.events) {
    const caller = callers(event)
    const known = caller < 0 ? undefined : owner.get(caller)
    const before = known === undefined ? undefined : times.get(known)
    if (before === undefined) restUs += durationUs[event]!
    else times.set(known!, before + durationUs[event]!)
  }
  return { of: (event) => times.get(event) ?? 0, restUs }
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
