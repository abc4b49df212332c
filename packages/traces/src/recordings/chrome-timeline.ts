// A trace in Chrome's format as a timeline: one pass over the file, whatever wrote it. What a format has of its own, its reader says.
import { InputError } from '@whyslow/graph/input-error.ts'
import { plainArgs, type ReadArgs, readDeviceArgs, readIds, readOperatorArgs } from './event-details.ts'
import { kindOfEvent } from './event-kinds.ts'
import { type EventView, scanEvents } from './event-scanner.ts'
import { InternTable } from './intern-table.ts'
import { skipValue } from './json-bytes.ts'
import type { Kind, MemoryPeak, Timeline, Track } from './recording.ts'
import type { TraceSource } from './source.ts'
import { code, type NewEvent, TimelineBuilder } from './timeline-builder.ts'

/** What is read of arguments; the numbers of their details are the builder's. */
export type ArgsReader = (from: ArgsPlace, kind: Kind, into: ReadArgs) => void

/** Where an event's arguments begin. */
export interface ArgsPlace {
  readonly builder: TimelineBuilder
  readonly bytes: Buffer
  readonly at: number
}

export interface ChromeTimeline {
  readonly timeline: Timeline
  readonly metadata: Readonly<Record<string, unknown>>
  /** Categories that were seen, as the file writes them. */
  readonly categories: readonly string[]
  readonly memory: MemoryPeak | null
  readonly warnings: readonly string[]
}

export interface ChromeDialect {
  /** Kinds of its own, before those of all; 'skip': nothing that is looked at. */
  readonly kindOf?: (category: string, name: string) => Kind | 'skip' | undefined
  /** Arguments of its own. */
  readonly args?: ArgsReader
  /** What tracks become once they have their names; undefined: a thread of the host. */
  readonly deviceOf?: (process: string, thread: string) => string | undefined
}

interface Reading {
  readonly builder: TimelineBuilder
  readonly dialect: ChromeDialect
  readonly categories: InternTable
  /** Kinds by category and name: -1 if it is skipped. */
  readonly kinds: Map<number, number>
  readonly processNames: Map<string, string>
  readonly threadNames: Map<string, string>
  readonly open: Map<number, { name: number; startUs: number; kind: number; args: ReadArgs }[]>
  base: { millions: number; rest: number } | undefined
  damaged: number
  readonly memory: { -readonly [K in keyof MemoryPeak]: MemoryPeak[K] }
}

const MOST_NAMES = 100_000
const PHASE = { complete: 0x58, begin: 0x42, end: 0x45, metadata: 0x4d, instant: 0x69, instantOld: 0x49 } as const

/** The whole file. InputError if it is no trace, or holds no events that took time. */
export async function readChrome(source: TraceSource, dialect: ChromeDialect = {}): Promise<ChromeTimeline> {
  const reading: Reading = {
    ...{
      builder: new TimelineBuilder(unpackedBytes(source)),
      dialect,
      categories: new InternTable(),
      kinds: new Map<number, number>(),
    },
    ...{ processNames: new Map<string, string>(), threadNames: new Map<string, string>(), open: new Map() },
    ...{ base: undefined, damaged: 0 },
    memory: { reservedBytes: 0, allocatedAtPeakBytes: 0, allocations: 0, allocatedBytes: 0 },
  }
  let cut: string | undefined
  const pieces = source.pieces((reason) => {
    cut = reason
  })
  const result = await scanEvents(source.file, pieces, {
    args: (view, at) => takeArgs(reading, view, at),
    event: (view) => take(reading, view),
  })
  const { builder } = reading
  if (builder.length === 0) throw new InputError(`${source.file}: a trace without events that took time; record it again`)
  const timeline = builder.finish((track) => namedTrack(reading, track))
  const warnings = [
    ...(cut !== undefined
      ? [`${cut}: the trace is read as far as it goes`]
      : result.truncated
        ? ['the file ends before its events do: read as far as it goes']
        : []),
    ...(result.unreadable > 0
      ? [`${result.unreadable} of ${result.events + result.unreadable} events cannot be read and are left out`]
      : []),
    ...(reading.damaged > 0 ? [`${reading.damaged} events without a time of their own are left out`] : []),
    ...(builder.dropped > 0
      ? [`only the first ${builder.length} events are looked at, ${builder.dropped} after them are not`]
      : []),
  ]
  return {
    ...{ timeline, metadata: result.metadata, categories: reading.categories.texts(), warnings },
    memory: reading.memory.allocations > 0 ? reading.memory : null,
  }
}

/** JSON of traces packs 16 to 100 times. */
const MOST_PACKED = 100

/** As much as the file may hold. */
const unpackedBytes = ({ packedBytes, gzipped }: TraceSource): number => packedBytes * (gzipped ? MOST_PACKED : 1)

function namedTrack(
  reading: Reading,
  { process, thread }: { process: string; thread: string },
): Omit<Track, 'process' | 'thread'> {
  const processName = reading.processNames.get(process) ?? null
  const threadName = reading.threadNames.get(`${process}\n${thread}`) ?? null
  const device = reading.dialect.deviceOf?.(processName ?? '', threadName ?? '') ?? null
  return { processName, threadName, device }
}

function take(reading: Reading, view: EventView): void {
  if (view.phase === PHASE.complete) takeComplete(reading, view)
  else if (view.phase === PHASE.begin || view.phase === PHASE.end) takeHalf(reading, view)
  else if (view.phase === PHASE.metadata) takeName(reading, view)
  else if (view.phase === PHASE.instant || view.phase === PHASE.instantOld) takeInstant(reading, view)
}

/** One object for all: millions of events are added. */
const NEW: NewEvent = { kind: 0, name: 0, track: 0, startUs: 0, durationUs: 0, correlation: 0, operator: 0, detail: 0 }

/** Arguments that come behind the rest of an event, as all writers of large traces have them, are read where they stand. */
function takeArgs(reading: Reading, view: EventView, at: number): number {
  const { bytes, phase, nameFrom } = view
  const isTimed = phase === PHASE.complete || phase === PHASE.begin
  // Without a category the kind may not be known yet.
  if (!isTimed || nameFrom < 0 || view.categoryFrom < 0) return skipValue(bytes, at)
  view.argsRead = true
  return kindAndName(reading, view) ? readArgs(reading, view, NAMED.kind, at) : skipValue(bytes, at)
}

/** Kind, name and arguments of an event, in NAMED and ARGS; false: it is none that is looked at. */
function known(reading: Reading, view: EventView): boolean {
  if (view.nameFrom < 0) return false
  if (!view.argsRead) {
    if (!kindAndName(reading, view)) return false
    readArgs(reading, view, NAMED.kind, view.argsFrom)
  }
  return NAMED.kind >= 0
}

function takeComplete(reading: Reading, view: EventView): void {
  if (!view.hasTime || !known(reading, view)) return
  const isNowhere = view.time.millions === 0 && view.time.rest === 0 && !(view.durationUs > 0)
  if (isNowhere || !Number.isFinite(view.durationUs) || view.durationUs < 0) {
    reading.damaged++
    return
  }
  NEW.kind = ARGS.kind
  NEW.name = NAMED.name
  NEW.track = trackOf(reading, view)
  NEW.startUs = sinceBase(reading, view)
  NEW.durationUs = view.durationUs
  NEW.correlation = ARGS.correlation
  NEW.operator = ARGS.operator
  NEW.detail = ARGS.detail
  reading.builder.add(NEW)
}

/** Begin and end apart: an end closes what was begun last on its track. */
function takeHalf(reading: Reading, view: EventView): void {
  if (!view.hasTime) return
  const track = trackOf(reading, view)
  const stack = reading.open.get(track) ?? []
  if (stack.length === 0) reading.open.set(track, stack)
  const startUs = sinceBase(reading, view)
  if (view.phase === PHASE.begin) {
    const isKnown = known(reading, view)
    const args = isKnown ? { ...ARGS } : { ...NO_ARGS, kind: -1 }
    if (stack.length < 100_000) stack.push({ name: isKnown ? NAMED.name : 0, startUs, kind: args.kind, args })
    return
  }
  const begun = stack.pop()
  if (begun === undefined || begun.kind < 0 || startUs < begun.startUs) return
  const { name, kind, args } = begun
  const { correlation, operator, detail } = args
  reading.builder.add({
    kind,
    name,
    track,
    startUs: begun.startUs,
    durationUs: startUs - begun.startUs,
    correlation,
    operator,
    detail,
  })
}

function takeName(reading: Reading, view: EventView): void {
  const { bytes } = view
  const name = bytes.toString('latin1', view.nameFrom, view.nameTo)
  if (view.argsFrom < 0 || (name !== 'process_name' && name !== 'thread_name' && name !== 'process_labels')) return
  const process = bytes.toString('utf8', view.processFrom, view.processTo)
  const args = plainArgs(bytes, view.argsFrom)
  if (name === 'thread_name') {
    if (reading.threadNames.size >= MOST_NAMES) return
    reading.threadNames.set(`${process}\n${bytes.toString('utf8', view.threadFrom, view.threadTo)}`, String(args.name ?? ''))
  } else if (reading.processNames.size < MOST_NAMES) {
    const known = reading.processNames.get(process)
    const told = String(args.name ?? args.labels ?? '')
    reading.processNames.set(process, known === undefined || known === told ? told : `${known} ${told}`)
  }
}

/** Reads an instant of the allocator: 'Total Reserved' is of one device; the largest is kept. */
function takeInstant(reading: Reading, view: EventView): void {
  const { bytes } = view
  if (
    view.argsFrom < 0 ||
    view.nameTo - view.nameFrom !== 8 ||
    bytes.toString('latin1', view.nameFrom, view.nameTo) !== '[memory]'
  )
    return
  const args = plainArgs(bytes, view.argsFrom)
  const size = Number(args.Bytes)
  const reserved = Number(args['Total Reserved'])
  const { memory } = reading
  if (size > 0) {
    memory.allocations++
    memory.allocatedBytes += size
  }
  if (reserved > memory.reservedBytes) {
    memory.reservedBytes = reserved
    memory.allocatedAtPeakBytes = Number(args['Total Allocated']) || 0
  }
}

/** Kind and name of an event, in NAMED; false: it is none that is looked at. */
function kindAndName({ builder, categories, kinds, dialect }: Reading, view: EventView): boolean {
  const { bytes } = view
  const name = builder.names.id(bytes, view.nameFrom, view.nameTo)
  const category = view.categoryFrom < 0 ? -1 : categories.id(bytes, view.categoryFrom, view.categoryTo)
  const key = (category + 1) * 1_000_003 + name
  let kind = kinds.get(key)
  if (kind === undefined) {
    const texts = [category < 0 ? '' : categories.text(category), builder.names.text(name)] as const
    const own = dialect.kindOf?.(...texts)
    const told = own === 'skip' ? undefined : (own ?? kindOfEvent(...texts))
    kind = told === undefined ? -1 : code[told]
    kinds.set(key, kind)
  }
  NAMED.kind = kind
  NAMED.name = name
  return kind >= 0
}

/** One object for all: it is looked at before the next event. */
const NAMED = { kind: 0, name: 0 }

const NO_ARGS: ReadArgs = { correlation: 0, operator: 0, detail: 0 }
const ARGS = { ...NO_ARGS, collective: false, kind: 0 }
const DEVICE_KINDS: ReadonlySet<number> = new Set([code.kernel, code.communication, code.copy])
const JOINED_KINDS: ReadonlySet<number> = new Set([code.launch, code.runtime, code.synchronization])
const BY_CODE = Object.entries(code)
  .sort((a, b) => a[1] - b[1])
  .map(([kind]) => kind as Kind)

/** Into ARGS, which is read before the next event; the position behind the object at `at`, MORE or BAD. -1: there are no arguments. */
function readArgs({ builder, dialect }: Reading, view: EventView, kind: number, at: number): number {
  ARGS.correlation = 0
  ARGS.operator = 0
  ARGS.detail = 0
  ARGS.collective = false
  ARGS.kind = kind
  if (at < 0) return at
  const { bytes } = view
  const end = DEVICE_KINDS.has(kind)
    ? readDeviceArgs(builder, bytes, at, ARGS)
    : JOINED_KINDS.has(kind)
      ? readIds(builder, bytes, at, ARGS)
      : kind === code.op
        ? readOperatorArgs(builder, bytes, at, ARGS)
        : skipValue(bytes, at)
  if (end >= 0) dialect.args?.({ builder, bytes, at }, BY_CODE[kind]!, ARGS)
  if (ARGS.collective && kind === code.kernel) ARGS.kind = code.communication
  return end
}

function trackOf({ builder }: Reading, view: EventView): number {
  return builder.track(view.bytes, view)
}

/** µs since the first event: whole parts are subtracted before fractions can be lost. */
function sinceBase(reading: Reading, { time }: EventView): number {
  reading.base ??= { ...time }
  return (time.millions - reading.base.millions) * 1e6 + (time.rest - reading.base.rest)
}
