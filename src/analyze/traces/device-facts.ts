// What a device's time in the window went to, what the host was at while it had nothing to do, and how work was handed to it.
import { kindCode, type Timeline } from '../../evidence/traces/recording.ts'
import { type DeviceWork, type Judged, sharesOf, type WorkSets, workSets } from './device-work.ts'
import { byName, endOf, eventsOf } from './events.ts'
import type { CopyFacts, DeviceFacts, IdleParts, LaunchFacts } from './facts.ts'
import type { IdIndex } from './id-index.ts'
import { difference, firstFrom, gaps, IntervalList, type Intervals, intersection, lengthOf } from './intervals.ts'
import { isAllocating, isCompiling, isDataLoading } from './names.ts'
import { median } from './window.ts'

/** Writers round to three decimals of a µs. */
const ROUNDING_US = 1e-3
/** AMD-AGI/TraceLens counts kernels below as short. */
export const TINY_US = 10

export interface DeviceContext {
  readonly timeline: Timeline
  readonly work: DeviceWork
  readonly judged: Judged
  readonly launches: IdIndex
  /** The thread that hands out work. */
  readonly thread: number | undefined
}

export function deviceFacts(context: DeviceContext): DeviceFacts {
  const { timeline, work, judged } = context
  const { events, fromUs, toUs } = judged
  const sets = workSets(timeline, events, fromUs, toUs)
  const computing = events.filter((event) => timeline.kind[event] === kindCode('kernel'))
  const tiny = computing.filter((event) => timeline.durationUs[event]! < TINY_US)
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
  const starts = Float64Array.from(events, (event) => timeline.startUs[event]!)
  let waited = 0
  for (let i = 0; i < idle.starts.length; i++) {
    const next = events[firstFrom(starts, idle.ends[i]! - ROUNDING_US)]
    const launch = next === undefined ? -1 : launches.get(timeline.correlation[next]!)
    if (launch >= 0 && timeline.startUs[launch]! > idle.starts[i]!) waited += idle.ends[i]! - idle.starts[i]!
  }
  return waited / (toUs - fromUs)
}

/** Idle time by what the launching thread was at, each part without what those before it cover. */
function idleParts({ timeline, judged, thread }: DeviceContext, idle: Intervals): IdleParts | null {
  if (thread === undefined) return null
  const length = judged.toUs - judged.fromUs
  const sets = hostSets(timeline, thread, judged)
  let left = idle
  const take = (set: Intervals): number => {
    const taken = lengthOf(intersection(left, set)) / length
    left = difference(left, set)
    return taken
  }
  return {
    dataLoading: take(sets.dataLoading),
    compiling: take(sets.compiling),
    allocating: take(sets.allocating),
    synchronising: take(sets.synchronising),
    launching: take(sets.launching),
    dispatching: take(sets.operators),
    unrecorded: lengthOf(left) / length,
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
  { fromUs, toUs }: Pick<Judged, 'fromUs' | 'toUs'>,
  everywhere = false,
): HostSets {
  const { kind, name, track } = timeline
  const loads = byName(timeline, isDataLoading)
  const compiles = byName(timeline, isCompiling)
  const allocates = byName(timeline, isAllocating)
  const lists = {
    ...{ dataLoading: new IntervalList(), compiling: new IntervalList(), allocating: new IntervalList() },
    ...{ synchronising: new IntervalList(), launching: new IntervalList(), operators: new IntervalList() },
    spans: new IntervalList(),
  }
  const codes = { synchronization: kindCode('synchronization'), launch: kindCode('launch'), runtime: kindCode('runtime') }
  const [op, node, slice] = (['op', 'node', 'slice'] as const).map(kindCode)
  for (const event of eventsOf(timeline, 'op', 'node', 'launch', 'runtime', 'synchronization', 'annotation', 'slice', 'python')) {
    const isOperator = kind[event] === op || kind[event] === node
    if (track[event] !== thread && !(everywhere && isOperator)) continue
    const [start, end, what] = [timeline.startUs[event]!, endOf(timeline, event), kind[event]!]
    if (end < fromUs || start > toUs) continue
    if (loads(name[event]!)) lists.dataLoading.add(start, end)
    else if (compiles(name[event]!)) lists.compiling.add(start, end)
    else if (allocates(name[event]!)) lists.allocating.add(start, end)
    else if (what === codes.synchronization) lists.synchronising.add(start, end)
    else if (what === codes.launch || what === codes.runtime) lists.launching.add(start, end)
    else if (what === op || what === node) lists.operators.add(start, end)
    else if (what === slice) lists.spans.add(start, end)
  }
  const set = (list: IntervalList): Intervals => list.merged(fromUs, toUs)
  return {
    ...{ dataLoading: set(lists.dataLoading), compiling: set(lists.compiling), allocating: set(lists.allocating) },
    ...{ synchronising: set(lists.synchronising), launching: set(lists.launching), operators: set(lists.operators) },
    spans: set(lists.spans),
  }
}

/** Ends of waits for the device, sorted; null where calls are not recorded. */
function synchronizations({ timeline, judged }: DeviceContext): Float64Array | null {
  if (eventsOf(timeline, 'launch', 'synchronization').length === 0) return null
  const ends = [...eventsOf(timeline, 'synchronization')].map((event) => endOf(timeline, event))
  return Float64Array.from(ends.filter((end) => end > judged.fromUs && end < judged.toUs)).sort()
}

/**
 * A wait is no loss, the device works meanwhile: what is lost is the time after it until work is there again. The last wait is left out:
 * nothing is meant to follow it. Loading data and compiling after a wait would have been waited for all the same.
 */
function syncGap({ timeline, judged, thread }: DeviceContext, ends: Float64Array, busy: Intervals): number {
  const { fromUs, toUs } = judged
  const lost = new IntervalList()
  for (let i = 0; i + 1 < ends.length; i++) {
    const end = ends[i]!
    const start = busy.starts[firstFrom(busy.ends, end + ROUNDING_US)]
    if (start !== undefined && start > end) lost.add(end, start)
  }
  const all = lost.merged(fromUs, toUs)
  if (thread === undefined) return lengthOf(all) / (toUs - fromUs)
  const { dataLoading, compiling } = hostSets(timeline, thread, judged)
  return lengthOf(difference(difference(all, dataLoading), compiling)) / (toUs - fromUs)
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

/** How work was handed to the device in the window; null where the calls are not recorded or not joined with it. */
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
  const once = calls
    .subarray(0, count)
    .sort()
    .filter((call, i, all) => i === 0 || call !== all[i - 1])
  const lengths = Float64Array.from(once, (call) => durationUs[call]!)
  const totalMs = lengths.reduce((sum, us) => sum + us, 0) / 1000
  const medians = { medianUs: median(lengths), medianDelayUs: median(delays.subarray(0, count)) }
  return { count: once.length, totalMs, ...medians, negativeShare: negative / count }
}
