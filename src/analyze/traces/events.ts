// Walking the columns of a timeline: which events are of a kind, in which order, on which thread.
import { type Kind, kindCode, type Timeline } from '../../evidence/traces/recording.ts'
import { IdIndex } from './id-index.ts'

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

/** The same by their starts, earliest first; of equal starts the longer first, so that what holds another comes before it. */
export function byStart({ startUs, durationUs }: Timeline, events: Uint32Array): Uint32Array {
  let sorted = true
  for (let i = 1; i < events.length && sorted; i++) {
    const [a, b] = [events[i - 1]!, events[i]!]
    sorted = startUs[a]! < startUs[b]! || (startUs[a] === startUs[b] && durationUs[a]! >= durationUs[b]!)
  }
  if (sorted) return events
  return events.slice().sort((a, b) => startUs[a]! - startUs[b]! || durationUs[b]! - durationUs[a]!)
}

export const endOf = ({ startUs, durationUs }: Timeline, event: number): number => startUs[event]! + durationUs[event]!

/** From the correlation of a call to its event. */
export function indexBy(ids: Int32Array, events: Uint32Array): IdIndex {
  const index = new IdIndex(events.length)
  for (const event of events) if (ids[event] !== 0) index.add(ids[event]!, event)
  return index
}

/** Answers of a question about names, each asked once. */
export function byName({ names }: Timeline, ask: (name: string) => boolean): (name: number) => boolean {
  const answers = new Uint8Array(names.length)
  return (name) => {
    if (answers[name] === 0) answers[name] = ask(names[name]!) ? 1 : 2
    return answers[name] === 1
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
