// XSpace, the profile of TensorFlow, JAX and XLA (openxla/xla, third_party/tsl/tsl/profiler/protobuf/xplane.proto): planes of lines of
// events, with names and statistics by number. What TensorBoard draws is derived from it; lines that say the same time again are left out.
import { InputError } from '@whyslow/graph/input-error.ts'
import { kindOfCall, kindOfDeviceRow } from './event-kinds.ts'
import { PlainTimeline } from './plain-events.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Detail, Kind, RecordedDevice, Recording, Tracing } from './recording.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { bigVarint, type Field, toSigned, walkFields } from './wire.ts'

/** Names of events stand behind the lines that use them: the file is held whole. */
const MOST_BYTES = 2 ** 30
/** Lines that XProf derives: openxla/xla, xla/tsl/profiler/utils/xplane_schema.cc. */
const DERIVED =
  /^(Steps|XLA Modules|XLA TraceMe|Async XLA Ops|Framework Ops|Framework Name Scope|TensorFlow Ops|TensorFlow Name Scope|Launch Stats|Source code|Sparse Core Steps)/i
const XLA_OPS = /^XLA Ops/i
const XLA_MODULES = /^XLA Modules/i

function recognises({ bytes }: Head): string | undefined {
  if (bytes[0] !== 0x0a) return undefined
  // Field 2, its length, and the name.
  const plane = /(\/(?:host|device):[\w:.-]+|Task Environment)/.exec(bytes.toString('latin1', 0, 200))
  const isName = plane !== null && bytes[plane.index - 2] === 0x12 && bytes[plane.index - 1]! >= plane[0].length
  return isName ? `its first plane, ${plane[0]}` : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const bytes = await wholeOf(source, MOST_BYTES)
  const space: Space = {
    bytes,
    timeline: new PlainTimeline(),
    devices: [],
    tracing: { calls: 0, expensiveCalls: 0, totalUs: 0, expensiveUs: 0 },
    base: undefined,
    warnings: [],
  }
  try {
    walkFields(bytes, 0, bytes.length, (field) => {
      if (field.number === 1 && field.wire === 2) readPlane(space, field.from, field.to)
      else if ((field.number === 2 || field.number === 3) && field.wire === 2)
        space.warnings.push(textOf(bytes, field).slice(0, 200))
    })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    if (space.timeline.length === 0)
      throw new InputError(`${source.file}: damaged XSpace (${error.message}); record the profile again`)
    space.warnings.push('the file is cut off: read as far as it goes')
  }
  if (space.timeline.length === 0)
    throw new InputError(`${source.file}: a profile without events that took time; record it again`)
  return {
    ...{
      kind: 'timeline',
      format: 'xplane',
      version: null,
      recognisedBy,
      recordedWith: [],
      devices: space.devices,
      slowed: true,
    },
    ...{ memory: null, warnings: space.warnings, timeline: space.timeline.finish() },
    tracing: space.tracing.calls > 0 ? space.tracing : null,
  }
}

interface Space {
  readonly bytes: Buffer
  readonly timeline: PlainTimeline
  readonly devices: RecordedDevice[]
  readonly tracing: { -readonly [K in keyof Tracing]: Tracing[K] }
  /** ns of the first line. */
  base: bigint | undefined
  readonly warnings: string[]
}

type Stats = Readonly<Record<string, string | number>>

interface Plane {
  name: string
  readonly lines: [from: number, to: number][]
  readonly events: Map<number, EventMetadata>
  readonly statNames: Map<number, string>
  readonly stats: [number, number][]
}

interface EventMetadata {
  name: string
  display: string
  readonly ranges: [number, number][]
  /** What stands at `ranges`, read for the first event. */
  stats?: Stats
}

/** Texts are searched for each event that has them. */
const LONGEST_TEXT = 1 << 14
const textOf = (bytes: Buffer, { from, to }: Field): string => bytes.toString('utf8', from, Math.min(to, from + LONGEST_TEXT))

/** Metadata stands after the lines that use it: they are found first, and read then. */
function readPlane(space: Space, from: number, to: number): void {
  const { bytes } = space
  const plane: Plane = { name: '', lines: [], events: new Map(), statNames: new Map(), stats: [] }
  walkFields(bytes, from, to, (field) => {
    if (field.wire !== 2) return
    if (field.number === 2) plane.name = textOf(bytes, field)
    else if (field.number === 3) plane.lines.push([field.from, field.to])
    else if (field.number === 4) readEventMetadata(bytes, field, plane)
    else if (field.number === 5) readStatMetadata(bytes, field, plane)
    else if (field.number === 6) plane.stats.push([field.from, field.to])
  })
  const device = /^\/device:(GPU|TPU|CUSTOM)[^ ]*/.exec(plane.name)?.[0]
  if (device === undefined && !plane.name.startsWith('/host:')) return
  if (/^\/host:(metadata|python-tracer)/.test(plane.name)) return
  if (device !== undefined) space.devices.push(deviceOf(device, statsOf(bytes, plane, plane.stats)))
  const lines = plane.lines.map((range) => lineOf(bytes, range))
  const held = lines.flatMap(({ name, holdsEvents }) => (holdsEvents ? [name] : []))
  // Streams are the data; if there are none, on a TPU, the operators of XLA are, or whole programs where only those were recorded.
  const isStream = (name: string): boolean => !DERIVED.test(name) && !XLA_OPS.test(name)
  const finest = held.some(isStream) ? undefined : held.some((name) => XLA_OPS.test(name)) ? XLA_OPS : XLA_MODULES
  const isData = (name: string): boolean => finest?.test(name) ?? isStream(name)
  for (const { name, start, end } of lines) {
    if (device !== undefined && !isData(name)) continue
    readLine(space, plane, { name, device, start, end })
  }
}

/** A map's entry: key 1, value 2. */
function entryOf(bytes: Buffer, { from, to }: Field): { key: number; value: [number, number] } {
  const entry: { key: number; value: [number, number] } = { key: 0, value: [to, to] }
  walkFields(bytes, from, to, (field) => {
    if (field.number === 1 && field.wire === 0) entry.key = field.value
    else if (field.number === 2 && field.wire === 2) entry.value = [field.from, field.to]
  })
  return entry
}

function readEventMetadata(bytes: Buffer, field: Field, plane: Plane): void {
  const { key, value } = entryOf(bytes, field)
  const told: EventMetadata = { name: '', display: '', ranges: [] }
  walkFields(bytes, value[0], value[1], (one) => {
    if (one.wire !== 2) return
    if (one.number === 2) told.name = textOf(bytes, one)
    else if (one.number === 4) told.display = textOf(bytes, one)
    else if (one.number === 5) told.ranges.push([one.from, one.to])
  })
  plane.events.set(key, told)
}

function readStatMetadata(bytes: Buffer, field: Field, plane: Plane): void {
  const { key, value } = entryOf(bytes, field)
  walkFields(bytes, value[0], value[1], (one) => {
    if (one.number === 2 && one.wire === 2) plane.statNames.set(key, textOf(bytes, one))
  })
}

/** `base`: what they add to. It is not copied, since many events share one. */
function statsOf(bytes: Buffer, { statNames }: Plane, ranges: readonly [number, number][], base: Stats | null = null): Stats {
  const stats: Record<string, string | number> = Object.create(base)
  for (const [from, to] of ranges) {
    let name = ''
    let value: string | number | undefined
    walkFields(bytes, from, to, (field) => {
      if (field.number === 1) name = statNames.get(field.value) ?? ''
      else if (field.number === 2 && field.wire === 1) value = field.value
      else if (field.number === 3 || field.number === 4) value = toSigned(field.value)
      else if (field.number === 5) value = textOf(bytes, field)
      else if (field.number === 7) value = statNames.get(field.value) ?? ''
    })
    if (name !== '' && value !== undefined) stats[name] = value
  }
  return stats
}

interface Line {
  readonly name: string
  /** Lines can be there without any: a TPU's Overlay. */
  readonly holdsEvents: boolean
  readonly start: number
  readonly end: number
}

function lineOf(bytes: Buffer, [start, end]: readonly [number, number]): Line {
  const names = ['', '']
  let holdsEvents = false
  walkFields(bytes, start, end, (field) => {
    if (field.wire !== 2) return
    if (field.number === 2) names[1] = textOf(bytes, field)
    else if (field.number === 4) holdsEvents = true
    else if (field.number === 11) names[0] = textOf(bytes, field)
  })
  return { name: names[0] || names[1]!, holdsEvents, start, end }
}

function readLine(
  space: Space,
  plane: Plane,
  line: { name: string; device: string | undefined; start: number; end: number },
): void {
  const { bytes } = space
  let lineUs = 0
  let id = 0
  // Events may stand before the line's own time.
  walkFields(bytes, line.start, line.end, (field) => {
    if (field.number === 1 && field.wire === 0) id = field.value
    if (field.number !== 3 || field.wire !== 0) return
    const ns = bigVarint(bytes, field.from)
    space.base ??= ns
    lineUs = Number(ns - space.base) / 1000
  })
  const thread = `${line.name || 'line'} ${id}`
  walkFields(bytes, line.start, line.end, (field) => {
    if (field.number === 4 && field.wire === 2)
      readEvent(space, plane, { ...line, thread, lineUs, start: field.from, end: field.to })
  })
}

interface Place {
  readonly device: string | undefined
  readonly thread: string
  readonly lineUs: number
  readonly start: number
  readonly end: number
}

function readEvent(space: Space, plane: Plane, { device, thread, lineUs, start, end }: Place): void {
  const { bytes, timeline } = space
  let [metadata, offsetPs, durationPs, isTimed] = [0, 0, 0, true]
  const ranges: [number, number][] = []
  walkFields(bytes, start, end, (field) => {
    if (field.number === 1) metadata = field.value
    else if (field.number === 2) offsetPs = toSigned(field.value)
    else if (field.number === 3) durationPs = toSigned(field.value)
    else if (field.number === 4 && field.wire === 2) ranges.push([field.from, field.to])
    else if (field.number === 5) isTimed = false
  })
  // Occurrences are sums over many events, without a place in time.
  if (!isTimed) return
  const told = plane.events.get(metadata)
  if (told !== undefined) told.stats ??= statsOf(bytes, plane, told.ranges)
  const stats = statsOf(bytes, plane, ranges, told?.stats)
  const name = told?.display || told?.name || `event ${metadata}`
  countTracing(space, stats, durationPs / 1e6)
  const { kind, detail } = device === undefined ? hostKind(told?.name ?? name, stats) : deviceKind(told?.name ?? name, stats)
  timeline.add({
    ...{ kind, name, process: plane.name, thread, startUs: lineUs + offsetPs / 1e6, durationUs: durationPs / 1e6 },
    ...(typeof stats.correlation_id === 'number' ? { correlation: stats.correlation_id } : {}),
    ...(detail === undefined ? {} : { detail }),
    ...(device === undefined ? {} : { device }),
  })
}

function countTracing({ tracing }: Space, stats: Stats, durationUs: number): void {
  const call = stats.tf_function_call
  if (typeof call !== 'string') return
  const isExpensive = /^(traced|eager)/i.test(call)
  tracing.calls++
  tracing.totalUs += durationUs
  if (isExpensive) {
    tracing.expensiveCalls++
    tracing.expensiveUs += durationUs
  }
}

/** 'dense/MatMul:MatMul' is an operator with its type; calls of a device's runtime join with what they launched. */
function hostKind(name: string, stats: Stats): { kind: Kind; detail?: Detail } {
  if (typeof stats.correlation_id === 'number' || /^(cuda|hip|cu)[A-Z]/.test(name)) return { kind: kindOfCall(name) }
  const step = typeof stats.step_num === 'number' ? stats.step_num : undefined
  if (step !== undefined) return { kind: 'annotation', detail: { step } }
  const told = typeof stats.tf_op === 'string' ? stats.tf_op : typeof stats.long_name === 'string' ? stats.long_name : name
  // Two colons are C++'s.
  const type = /(?<!:):([A-Z_]\w*)$/.exec(told)?.[1]
  const hlo = typeof stats.hlo_op === 'string' ? stats.hlo_op.replace(/[.\d]+$/, '') : undefined
  const opType = type ?? hlo
  return opType === undefined ? { kind: 'slice' } : { kind: 'op', detail: { opType } }
}

function deviceKind(name: string, stats: Stats): { kind: Kind; detail?: Detail } {
  const bytes = /num_bytes:(\d+)/.exec(String(stats.memcpy_details ?? stats.memset_details ?? ''))?.[1]
  const occupancy = /occ_pct:([\d.]+)/.exec(String(stats.kernel_details ?? ''))?.[1] ?? stats.theoretical_occupancy_pct
  const detail: Detail = {
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    ...(occupancy === undefined ? {} : { occupancyBound: Number(occupancy) / 100 }),
    ...(typeof stats.flops === 'number' ? { flops: stats.flops } : {}),
    ...(typeof stats.bytes_accessed === 'number' ? { accessedBytes: stats.bytes_accessed } : {}),
  }
  const isCopy = stats.memcpy_details !== undefined || stats.memset_details !== undefined
  const kind = isCopy
    ? 'copy'
    : kindOfDeviceRow(String(stats.hlo_category ?? '').includes('all-') ? String(stats.hlo_category) : name)
  return Object.keys(detail).length === 0 ? { kind } : { kind, detail }
}

/** Roofs come with the file. */
function deviceOf(name: string, stats: Stats): RecordedDevice {
  const number = (key: string): number | null => (typeof stats[key] === 'number' && stats[key] > 0 ? stats[key] : null)
  const [major, minor] = [number('compute_cap_major'), number('compute_cap_minor')]
  const [teraflops, gigabytes] = [number('peak_teraflops_per_second'), number('peak_hbm_bw_gigabytes_per_second')]
  return {
    name: typeof stats.device_type_string === 'string' && stats.device_type_string !== '' ? stats.device_type_string : name,
    computeCapability: major === null ? null : major + (minor ?? 0) / 10,
    memoryBytes: number('memory_size'),
    multiprocessors: number('core_count'),
    flopsPerSecond: teraflops === null ? null : teraflops * 1e12,
    bytesPerSecond: gigabytes === null ? null : gigabytes * 1e9,
  }
}

export const xplane: TraceReader = { id: 'xplane', title: 'XSpace (xplane.pb)', recognises, read }
