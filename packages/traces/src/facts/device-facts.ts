// What a device's time in the window went to, what the host was at while it had nothing to do, and how work was handed to it.
import { median } from '@whyslow/measure/statistics/index.ts'
import { KINDS, kindCode, type Timeline } from '../recordings/recording.ts'
import { type DeviceWork, type JudgedWork, sharesOf, type WorkSets } from './device-work.ts'
import { columnOf, endOf, eventsOf, filterEvents, onceByName } from './events.ts'
import type { CopyFacts, DeviceFacts, IdleParts, LaunchFacts } from './facts.ts'
import type { IdIndex } from './id-index.ts'
import {
  clipTo,
  difference,
  firstFrom,
  gaps,
  IntervalList,
  type Intervals,
  intersection,
  lengthOf,
  partition,
} from './intervals.ts'
import { isAllocating, isCompiling, isDataLoading } from './names.ts'

/** Writers round to three decimals of a µs. */
const ROUNDING_US = 1e-3
/** AMD-AGI/TraceLens counts kernels below as short. */
export const TINY_US = 10

export interface DeviceContext {
  readonly timeline: Timeline
  readonly work: DeviceWork
  readonly judged: JudgedWork
  readonly launches: IdIndex
  /** What the device did in the window. */
  readonly sets: WorkSets
  /** What the thread that launches work was doing meanwhile; undefined: none is known. */
  readonly host: HostSets | undefined
}

export function deviceFacts(context: DeviceContext): DeviceFacts {
  const { timeline, work, judged, sets } = context
  const { events, fromUs, toUs } = judged
  const computing = filterEvents(events, (event) => timeline.kind[event] === kindCode('kernel'))
  const tiny = filterEvents(computing, (event) => timeline.durationUs[event]! < TINY_US)
  const idle = gaps(sets.busy, fromUs, toUs)
  const syncs = synchronizations(context)
  return {
    name: work.name,
    shares: sharesOf(sets, fromUs, toUs),
    kernels: computing.length,
    tinyKernels: tiny.length,
    tinyMs: sumUs(timeline, tiny) / 1000,
    hostWait: hostWait(context, idle),
    idleParts: idleParts(context, idle),
    syncGap: syncs === null ? null : syncGap(context, syncs, sets.busy),
    syncs: syncs?.length ?? 0,
    communicationMs: lengthOf(sets.communication) / 1000,
    overlappedCommunication: overlap(sets),
    copies: copyFacts(timeline, events),
    occupancyBound: occupancy(timeline, computing),
  }
}

function sumUs({ durationUs }: Timeline, events: Uint32Array): number {
  let sum = 0
  for (const event of events) sum += durationUs[event]!
  return sum
}

function overlap({ communication, compute }: WorkSets): number {
  const all = lengthOf(communication)
  return all > 0 ? lengthOf(intersection(communication, compute)) / all : 0
}

/** Share of the window in gaps whose next work was launched only after the gap had begun: the device waited for the host. */
function hostWait({ timeline, judged, launches }: DeviceContext, idle: Intervals): number {
  const { events, fromUs, toUs } = judged
  const starts = columnOf(events, (event) => timeline.startUs[event]!)
  let waited = 0
  for (let i = 0; i < idle.starts.length; i++) {
    const next = events[firstFrom(starts, idle.ends[i]! - ROUNDING_US)]
    const launch = next === undefined ? -1 : launches.get(timeline.correlation[next]!)
    if (launch >= 0 && timeline.startUs[launch]! > idle.starts[i]!) waited += idle.ends[i]! - idle.starts[i]!
  }
  return waited / (toUs - fromUs)
}

/** Idle time by what the launching thread was at, each part without what those before it cover. */
function idleParts({ judged, host }: DeviceContext, idle: Intervals): IdleParts | null {
  if (host === undefined) return null
  const { dataLoading, compiling, allocating, synchronising, launching, operators } = host
  const length = judged.toUs - judged.fromUs
  const parts = partition(idle, [dataLoading, compiling, allocating, synchronising, launching, operators])
  const share = (part: number): number => parts[part]! / length
  return {
    ...{ dataLoading: share(0), compiling: share(1), allocating: share(2), synchronising: share(3) },
    ...{ launching: share(4), dispatching: share(5), unrecorded: share(6) },
  }
}

export interface HostSets {
  readonly dataLoading: Intervals
  readonly compiling: Intervals
  readonly allocating: Intervals
  readonly synchronising: Intervals
  readonly launching: Intervals
  readonly operators: Intervals
  /** The framework's own spans, of which no more is known. */
  readonly spans: Intervals
}

/** What one thread of the host was at between two times. `everywhere`: operators of all threads count, as where it waits for a pool. */
export function hostSets(
  timeline: Timeline,
  thread: number,
  { fromUs, toUs }: Pick<JudgedWork, 'fromUs' | 'toUs'>,
  everywhere = false,
): HostSets {
  const classOf = hostClasses(timeline)
  const [op, node] = [kindCode('op'), kindCode('node')]
  // Looked at once, so that each set is made as long as it needs.
  const classes = new Uint8Array(timeline.length)
  const counts = HOST_SETS.map(() => 0)
  for (let event = 0; event < timeline.length; event++) {
    const isOperator = timeline.kind[event] === op || timeline.kind[event] === node
    if (timeline.track[event] !== thread && !(everywhere && isOperator)) continue
    if (endOf(timeline, event) < fromUs || timeline.startUs[event]! > toUs) continue
    const what = classOf(event)
    if (what === 0) continue
    classes[event] = what
    counts[what - 1]!++
  }
  const lists = counts.map((count) => new IntervalList(count))
  for (let event = 0; event < timeline.length; event++)
    if (classes[event] !== 0) lists[classes[event]! - 1]!.add(timeline.startUs[event]!, endOf(timeline, event))
  const sets = HOST_SETS.map((one, at) => [one, clipTo(lists[at]!.merged(), fromUs, toUs)])
  return Object.fromEntries(sets) as Record<keyof HostSets, Intervals>
}

const HOST_SETS: readonly (keyof HostSets)[] = [
  'dataLoading',
  'compiling',
  'allocating',
  'synchronising',
  'launching',
  'operators',
  'spans',
]

/** The set that each event belongs to, from 1; 0: none. */
function hostClasses(timeline: Timeline): (event: number) => number {
  const { kind, name, names } = timeline
  const byKind = new Uint8Array(KINDS.length)
  const at = (one: keyof HostSets): number => 1 + HOST_SETS.indexOf(one)
  byKind[kindCode('synchronization')] = at('synchronising')
  byKind[kindCode('launch')] = at('launching')
  byKind[kindCode('runtime')] = at('launching')
  byKind[kindCode('op')] = at('operators')
  byKind[kindCode('node')] = at('operators')
  byKind[kindCode('slice')] = at('spans')
  const isNamed = new Uint8Array(KINDS.length)
  for (const one of ['op', 'node', 'launch', 'runtime', 'synchronization', 'annotation', 'slice', 'python'] as const)
    isNamed[kindCode(one)] = 1
  const named = onceByName(names, (one) =>
    isDataLoading(one) ? at('dataLoading') : isCompiling(one) ? at('compiling') : isAllocating(one) ? at('allocating') : 0,
  )
  return (event) => (isNamed[kind[event]!] === 1 ? named(name[event]!) || byKind[kind[event]!]! : 0)
}

/** Ends of waits for the device, sorted; null if calls are not recorded. */
function synchronizations({ timeline, judged }: DeviceContext): Float64Array | null {
  if (eventsOf(timeline, 'launch', 'synchronization').length === 0) return null
  const { fromUs, toUs } = judged
  const inside = filterEvents(eventsOf(timeline, 'synchronization'), (event) => {
    const end = endOf(timeline, event)
    return end > fromUs && end < toUs
  })
  return columnOf(inside, (event) => endOf(timeline, event)).sort()
}

/**
 * A wait is no loss, the device works meanwhile: what is lost is the time after it until work is there again. The last wait is left out:
 * nothing is meant to follow it. Loading data and compiling after a wait would have been waited for all the same.
 */
function syncGap({ judged, host }: DeviceContext, ends: Float64Array, busy: Intervals): number {
  const { fromUs, toUs } = judged
  const lost = new IntervalList()
  for (let i = 0; i + 1 < ends.length; i++) {
    const end = ends[i]!
    const start = busy.starts[firstFrom(busy.ends, end + ROUNDING_US)]
    if (start !== undefined && start > end) lost.add(end, start)
  }
  const all = clipTo(lost.merged(), fromUs, toUs)
  const left = host === undefined ? all : difference(difference(all, host.dataLoading), host.compiling)
  return lengthOf(left) / (toUs - fromUs)
}

function copyFacts(timeline: Timeline, events: Uint32Array): CopyFacts {
  const totals = { toDevice: 0, toHost: 0, onDevice: 0 }
  let [count, bytes, pageableBytes, totalMs, isKnown] = [0, 0, 0, 0, true]
  for (const event of events) {
    if (timeline.kind[event] !== kindCode('copy')) continue
    const name = timeline.names[timeline.name[event]!]!
    const detail = timeline.details[timeline.detail[event]!]!
    const ms = timeline.durationUs[event]! / 1000
    count++
    totalMs += ms
    totals[directionOf(name, detail.direction)] += ms
    if (detail.bytes === undefined) isKnown = false
    else {
      bytes += detail.bytes
      if (/pageable/i.test(name)) pageableBytes += detail.bytes
    }
  }
  return { count, totalMs, ...totals, bytes: isKnown && count > 0 ? bytes : null, pageableBytes }
}

function directionOf(name: string, told: string | undefined): 'toDevice' | 'toHost' | 'onDevice' {
  if (told === 'to-device' || /HtoD|H2D|HOST_TO_DEVICE|Host -> |\(Pageable -> |\(Pinned -> /i.test(name)) return 'toDevice'
  return told === 'to-host' || /DtoH|D2H|DEVICE_TO_HOST|-> (Host|Pageable|Pinned)/i.test(name) ? 'toHost' : 'onDevice'
}

function occupancy(timeline: Timeline, kernels: Uint32Array): number | null {
  let [sum, length] = [0, 0]
  for (const event of kernels) {
    const bound = timeline.details[timeline.detail[event]!]!.occupancyBound
    if (bound === undefined) continue
    sum += bound * timeline.durationUs[event]!
    length += timeline.durationUs[event]!
  }
  return length > 0 ? sum / length : null
}

/** How work was handed to the device in the window; null if the calls are not recorded or not joined with it. */
export function launchFacts({ timeline, judged, launches }: DeviceContext): LaunchFacts | null {
  const { startUs, durationUs, correlation, kind } = timeline
  const calls = new Uint32Array(judged.events.length)
  const delays = new Float64Array(judged.events.length)
  let [count, negative] = [0, 0]
  for (const event of judged.events) {
    const call = launches.get(correlation[event]!)
    if (call < 0 || kind[call] !== kindCode('launch')) continue
    if (startUs[event]! < startUs[call]!) negative++
    delays[count] = Math.max(0, startUs[event]! - endOf(timeline, call))
    calls[count++] = call
  }
  if (count === 0) return null
  // One launch of a graph owns many kernels.
  let before = -1
  const once = filterEvents(calls.subarray(0, count).sort(), (call) => {
    const isNew = call !== before
    before = call
    return isNew
  })
  const lengths = columnOf(once, (call) => durationUs[call]!)
  const totalMs = lengths.reduce((sum, us) => sum + us, 0) / 1000
  const medians = { medianUs: median(lengths), medianDelayUs: median(delays.subarray(0, count)) }
  return { count: once.length, totalMs, ...medians, negativeShare: negative / count }
}
