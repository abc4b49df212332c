// What a device did: its kernels, communication and copies as sets of time, over all of the recording and in the window.
import { kindCode, type Timeline } from '../recordings/recording.ts'
import { byStart, endOf, eventsOf, filterEvents } from './events.ts'
import type { DeviceShares } from './facts.ts'
import { IdIndex } from './id-index.ts'
import { clipTo, difference, IntervalList, type Intervals, lengthOf, union } from './intervals.ts'
import type { Steps } from './window.ts'

export interface DeviceWork {
  readonly name: string
  /** Its events by start. */
  readonly events: Uint32Array
  readonly busyUs: number
  /** Over the time from the first to the last of them. */
  readonly shares: DeviceShares
}

export interface WorkSets {
  readonly compute: Intervals
  readonly communication: Intervals
  readonly copy: Intervals
  readonly busy: Intervals
}

const COMMUNICATION = kindCode('communication')
const COPY = kindCode('copy')

/** Devices by their work, most first, and how many events lay outside the recording. */
export function devicesOf(timeline: Timeline): { devices: DeviceWork[]; outside: number } {
  const all = eventsOf(timeline, 'kernel', 'communication', 'copy')
  const inside = withinRecording(timeline, all)
  const names = timeline.tracks.map(({ device, process }) => device ?? process)
  const seen = new Uint8Array(names.length)
  for (const event of inside) seen[timeline.track[event]!] = 1
  const used = new Set(names.filter((_, track) => seen[track] === 1))
  const devices = [...used].map((name) => {
    const own = filterEvents(inside, (event) => names[timeline.track[event]!] === name)
    const events = byStart(timeline, own)
    const sets = workSets(timeline, events)
    const shares = sharesOf(sets, sets.busy.starts[0] ?? 0, sets.busy.ends.at(-1) ?? 0)
    return { name, events, busyUs: lengthOf(sets.busy), shares }
  })
  return { devices: devices.sort((a, b) => b.busyUs - a.busyUs), outside: all.length - inside.length }
}

/** CUPTI shifts some events by days (pytorch/pytorch#192021): what lies far from everything on the host was not there. */
function withinRecording(timeline: Timeline, events: Uint32Array): Uint32Array {
  const host = eventsOf(timeline, 'op', 'launch', 'runtime', 'annotation')
  if (host.length === 0) return events
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const event of host) {
    low = Math.min(low, timeline.startUs[event]!)
    high = Math.max(high, endOf(timeline, event))
  }
  const slack = Math.max(60e6, 2 * (high - low))
  return filterEvents(events, (event) => timeline.startUs[event]! >= low - slack && endOf(timeline, event) <= high + slack)
}

/** The sets of these events, of what is between two times. */
export function workSets(
  timeline: Timeline,
  events: Uint32Array,
  fromUs = Number.NEGATIVE_INFINITY,
  toUs = Number.POSITIVE_INFINITY,
): WorkSets {
  const lists: readonly IntervalList[] = [new IntervalList(events.length), new IntervalList(), new IntervalList()]
  for (const event of events) {
    const kind = timeline.kind[event]!
    lists[kind === COMMUNICATION ? 1 : kind === COPY ? 2 : 0]!.add(timeline.startUs[event]!, endOf(timeline, event))
  }
  const sets = lists.map((list) => clipTo(list.merged(), fromUs, toUs))
  const [compute, communication, copy] = sets as [Intervals, Intervals, Intervals]
  return { compute, communication, copy, busy: union(compute, communication, copy) }
}

/** Compute before communication before copies: each has what none before it covers. */
export function sharesOf({ compute, communication, copy, busy }: WorkSets, fromUs: number, toUs: number): DeviceShares {
  const length = toUs - fromUs
  const share = (us: number): number => (length > 0 ? us / length : 0)
  const communicating = lengthOf(difference(communication, compute))
  const copying = lengthOf(difference(difference(copy, compute), communication))
  return {
    lengthMs: length / 1000,
    compute: share(lengthOf(compute)),
    communication: share(communicating),
    copy: share(copying),
    idle: Math.max(0, 1 - share(lengthOf(busy))),
  }
}

/** Events of the window and the time they are judged over. */
export interface JudgedWork {
  readonly events: Uint32Array
  readonly fromUs: number
  readonly toUs: number
}

/**
 * Work belongs to the step that launched it: the window begins where the device has done what steps before it launched, and ends with
 * the last step, or with its work where that ends later.
 */
export function selectJudgedWork(
  timeline: Timeline,
  { events }: DeviceWork,
  steps: Steps | undefined,
  launches: IdIndex,
): JudgedWork {
  const { startUs, correlation } = timeline
  if (steps === undefined) {
    const [low, high] = hostRange(timeline)
    const fromUs = Math.min(startUs[events[0]!]!, low)
    let toUs = high
    for (const event of events) toUs = Math.max(toUs, endOf(timeline, event))
    return { events, fromUs, toUs }
  }
  const from = steps.kept[0]!.startUs
  const to = steps.kept.at(-1)!.endUs
  let fromUs = from
  let toUs = to
  const kept = filterEvents(events, (event) => {
    const launch = launches.get(correlation[event]!)
    const at = launch < 0 ? startUs[event]! : startUs[launch]!
    const isKept = at >= from && at < to
    if (isKept) toUs = Math.max(toUs, endOf(timeline, event))
    else if (at < from && startUs[event]! < to) fromUs = Math.max(fromUs, Math.min(to, endOf(timeline, event)))
    return isKept
  })
  return { events: kept, fromUs, toUs }
}

/** Range from the first operator, call or mark on the host to the last. */
export function hostRange(timeline: Timeline): [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const event of eventsOf(timeline, 'op', 'node', 'launch', 'session', 'slice', 'python')) {
    low = Math.min(low, timeline.startUs[event]!)
    high = Math.max(high, endOf(timeline, event))
  }
  return [low, high]
}

/** Maps the correlation of a call that launches work to its event. */
export const launchIndex = (timeline: Timeline): IdIndex =>
  new IdIndex(timeline.correlation, eventsOf(timeline, 'launch', 'runtime', 'synchronization'))
