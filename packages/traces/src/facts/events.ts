// Walking the columns of a timeline: which events are of a kind, in which order, on which thread.
import { type Kind, kindCode, type Timeline } from '../recordings/recording.ts'

/** Indices of the events of these kinds, in the order of the file. */
export function eventsOf({ kind, length }: Timeline, ...kinds: readonly Kind[]): Uint32Array {
  const wanted = new Uint8Array(32)
  for (const one of kinds) wanted[kindCode(one)] = 1
  let count = 0
  for (let i = 0; i < length; i++) if (wanted[kind[i]!] === 1) count++
  const found = new Uint32Array(count)
  for (let i = 0, at = 0; i < length; i++) if (wanted[kind[i]!] === 1) found[at++] = i
  return found
}

/** Those of which it holds, in their order; of a column of its own only where some are left out. */
export function filterEvents(events: Uint32Array, holds: (event: number) => boolean): Uint32Array {
  const kept = new Uint32Array(events.length)
  let count = 0
  for (const event of events) if (holds(event)) kept[count++] = event
  return count === events.length ? events : kept.slice(0, count)
}

/** A column of what is known of each. */
export function columnOf(events: Uint32Array, value: (event: number) => number): Float64Array {
  const column = new Float64Array(events.length)
  for (let at = 0; at < events.length; at++) column[at] = value(events[at]!)
  return column
}

/** Most shifts of an insertion sort, for each event: beyond, events are in no order that is near. */
const MOST_SHIFTS = 16

/** The same by their starts, earliest first; of equal starts the longer first, so that what holds another comes before it. */
export function byStart({ startUs, durationUs }: Timeline, events: Uint32Array): Uint32Array {
  const isAfter = (a: number, b: number): boolean =>
    startUs[a]! > startUs[b]! || (startUs[a] === startUs[b] && durationUs[a]! < durationUs[b]!)
  let at = 1
  while (at < events.length && !isAfter(events[at - 1]!, events[at]!)) at++
  if (at >= events.length) return events
  // Most files are in order but for neighbours.
  const sorted = events.slice()
  let left = MOST_SHIFTS * events.length
  for (; at < sorted.length && left > 0; at++) {
    const event = sorted[at]!
    let to = at
    for (; to > 0 && isAfter(sorted[to - 1]!, event); to--) sorted[to] = sorted[to - 1]!
    sorted[to] = event
    left -= at - to
  }
  if (at >= sorted.length) return sorted
  return sorted.sort((a, b) => startUs[a]! - startUs[b]! || durationUs[b]! - durationUs[a]!)
}

export const endOf = ({ startUs, durationUs }: Timeline, event: number): number => startUs[event]! + durationUs[event]!

/** Answers of a question about names, each asked once. */
export function byName({ names }: Timeline, ask: (name: string) => boolean): (name: number) => boolean {
  const answers = new Uint8Array(names.length)
  return (name) => {
    if (answers[name] === 0) answers[name] = ask(names[name]!) ? 1 : 2
    return answers[name] === 1
  }
}

/** What is made of names, of each once. */
export function onceByName<T>(names: readonly string[], make: (name: string) => T): (name: number) => T {
  const made = new Map<number, T>()
  return (name) => {
    const known = made.get(name)
    if (known !== undefined) return known
    const one = make(names[name]!)
    made.set(name, one)
    return one
  }
}

/** The thread with most of the weight of these events. */
export function busiestTrack({ track }: Timeline, events: Uint32Array, weight: (event: number) => number): number | undefined {
  const weights = new Map<number, number>()
  for (const event of events) weights.set(track[event]!, (weights.get(track[event]!) ?? 0) + weight(event))
  let top: number | undefined
  for (const [one, sum] of weights) if (top === undefined || sum > weights.get(top)!) top = one
  return top
}

/** What an event took without those that it holds on its thread, µs, in the order of `sorted`: events by start. */
export function selfTimes(timeline: Timeline, sorted: Uint32Array): Float64Array {
  const self = new Float64Array(sorted.length)
  const stacks = new Map<number, { at: number; end: number }[]>()
  for (let i = 0; i < sorted.length; i++) {
    const event = sorted[i]!
    const start = timeline.startUs[event]!
    const length = timeline.durationUs[event]!
    const open = stacks.get(timeline.track[event]!) ?? []
    if (open.length === 0) stacks.set(timeline.track[event]!, open)
    // Writers round: a child may end a little after its parent.
    while (open.length > 0 && open.at(-1)!.end <= start + 1e-4) open.pop()
    const parent = open.at(-1)
    self[i] = length
    if (parent !== undefined) self[parent.at] = Math.max(0, self[parent.at]! - Math.min(length, Math.max(0, parent.end - start)))
    open.push({ at: i, end: Math.min(start + length, parent?.end ?? Number.POSITIVE_INFINITY) })
  }
  return self
}
