// Chrome's trace format (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU): an array of events, or an
// object whose member `traceEvents` is one, read in pieces with one event in view at a time. Files of gigabytes, without an end, with a
// comma too many, with events that are no JSON: what can be read is read, and what cannot is counted.
import { InputError } from '@whyslow/graph/input-error.ts'
import { jsonValue } from '@whyslow/graph/json.ts'
import {
  firstMember,
  INVALID,
  isText,
  type Key,
  type LongNumber,
  longNumberAt,
  NEEDS_MORE,
  nextMember,
  numberAt,
  skipBlanks,
  skipString,
  skipValue,
} from './json-bytes.ts'

/** No event is larger: beyond, its end was lost. */
const LONGEST_EVENT = 1 << 24
/** Metadata other than the events is read up to this. */
const LONGEST_METADATA = 1 << 26
/** Bytes for a piece and what is left of the one before; grows to the longest event. */
const FIRST_WORK = 1 << 17
/** Refused above: the file is not what it looks like. */
const MOST_UNREADABLE = 0.01

/** One event, valid until the next: positions in `bytes`, of strings without their quotes; -1: it has none. */
export interface EventView {
  bytes: Buffer
  /** Character code of `ph`. */
  phase: number
  nameFrom: number
  nameTo: number
  categoryFrom: number
  categoryTo: number
  processFrom: number
  processTo: number
  threadFrom: number
  threadTo: number
  /** Whether the event has a time. */
  hasTime: boolean
  readonly time: LongNumber
  /** µs; NaN: none. */
  durationUs: number
  argsFrom: number
  /** The arguments were read where they stand. */
  argsRead: boolean
}

export interface EventSink {
  /**
   * The object at `at` is the event's arguments, and what stands before it is in the view: the position behind it, MORE or BAD. So that it
   * need not be gone through twice.
   */
  args(view: EventView, at: number): number
  event(view: EventView): void
}

export interface ScanResult {
  /** Members of the object other than the events. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly events: number
  readonly unreadable: number
  /** The file ends before its events do. */
  readonly truncated: boolean
}

interface Scan {
  readonly file: string
  readonly view: EventView
  readonly sink: EventSink
  readonly metadata: Record<string, unknown>
  state: 'start' | 'members' | 'events' | 'end'
  /** The events are a member of an object. */
  inObject: boolean
  events: number
  unreadable: number
  seenEvents: boolean
  /** The way back to readable events is looked for. */
  recovering: boolean
  readonly key: Key
}

/** Reads to the end, one call of `sink.event` for each event. InputError if the file is no trace. */
export async function scanEvents(file: string, pieces: AsyncIterable<Buffer>, sink: EventSink): Promise<ScanResult> {
  const view = emptyView()
  const scan: Scan = {
    ...{ file, sink, view, key: { from: -1, to: -1 }, metadata: {} },
    ...{ state: 'start', inObject: false, events: 0, unreadable: 0, seenEvents: false, recovering: false },
  }
  let work: Buffer = Buffer.allocUnsafe(FIRST_WORK)
  let left = 0
  for await (const piece of pieces) {
    // What is left of the pieces before, and this one behind it: always in the same memory.
    if (left + piece.length > work.length) work = Buffer.concat([work.subarray(0, left)], 2 * (left + piece.length))
    piece.copy(work, left)
    const bytes = work.subarray(0, left + piece.length)
    const at = consume(scan, bytes)
    bytes.copy(work, 0, at)
    left = bytes.length - at
    if (scan.state === 'end') break
  }
  if (!scan.seenEvents) throw new InputError(`${file}: no traceEvents in this JSON; give a trace`)
  const isBroken = scan.unreadable > Math.max(3, MOST_UNREADABLE * scan.events)
  if (isBroken || (scan.events === 0 && scan.unreadable > 0))
    throw new InputError(
      `${file}: ${scan.unreadable} of ${scan.events + scan.unreadable} events cannot be read; export the trace again`,
    )
  const { metadata, events, unreadable } = scan
  // An array of events needs no end: the format says so.
  const isCut = scan.state !== 'end' && (scan.inObject || skipBlanks(work.subarray(0, left), 0) < left)
  return { metadata, events, unreadable, truncated: isCut }
}

function emptyView(): EventView {
  return {
    ...{ bytes: Buffer.alloc(0), phase: 0, nameFrom: -1, nameTo: -1, categoryFrom: -1, categoryTo: -1 },
    ...{ processFrom: -1, processTo: -1, threadFrom: -1, threadTo: -1, hasTime: false, time: { millions: 0, rest: 0 } },
    ...{ durationUs: Number.NaN, argsFrom: -1, argsRead: false },
  }
}

/** Reads what is whole; the position of what is not. */
function consume(scan: Scan, bytes: Buffer): number {
  scan.view.bytes = bytes
  let at = 0
  for (;;) {
    at = skipBlanks(bytes, at)
    if (at >= bytes.length || scan.state === 'end') return at
    const next =
      scan.state === 'start'
        ? begin(scan, bytes, at)
        : scan.state === 'members'
          ? readMember(scan, bytes, at)
          : readEvent(scan, bytes, at)
    if (next === NEEDS_MORE) {
      const most = scan.state === 'events' ? LONGEST_EVENT : LONGEST_METADATA
      if (bytes.length - at < most || scan.state !== 'events') {
        if (bytes.length - at > 2 * LONGEST_METADATA)
          throw new InputError(`${scan.file}: metadata of more than ${LONGEST_METADATA / 2 ** 20} MiB; this is not a trace`)
        return at
      }
      at = recover(scan, bytes, at)
    } else at = next
  }
}

function begin(scan: Scan, bytes: Buffer, at: number): number {
  // A byte order mark.
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return at + 3
  if (bytes[at] === 0x5b) scan.state = 'events'
  else if (bytes[at] === 0x7b) {
    scan.state = 'members'
    scan.inObject = true
  } else throw new InputError(`${scan.file}: this is not JSON; give a trace`)
  if (scan.state === 'events') scan.seenEvents = true
  return at + 1
}

/** A member of the outermost object, or its end. */
function readMember(scan: Scan, bytes: Buffer, at: number): number {
  if (bytes[at] === 0x2c) return at + 1
  if (bytes[at] === 0x7d) {
    scan.state = 'end'
    return at + 1
  }
  if (bytes[at] !== 0x22) throw new InputError(`${scan.file}: damaged JSON outside the events; export the trace again`)
  const keyEnd = skipString(bytes, at)
  if (keyEnd < 0) return NEEDS_MORE
  const colon = skipBlanks(bytes, keyEnd)
  if (colon >= bytes.length) return NEEDS_MORE
  if (bytes[colon] !== 0x3a) throw new InputError(`${scan.file}: damaged JSON outside the events; export the trace again`)
  const value = skipBlanks(bytes, colon + 1)
  if (value >= bytes.length) return NEEDS_MORE
  const key = bytes.toString('utf8', at + 1, keyEnd - 1)
  if (key === 'traceEvents' && bytes[value] === 0x5b) {
    scan.state = 'events'
    scan.seenEvents = true
    return value + 1
  }
  const end = skipValue(bytes, value)
  if (end === INVALID) throw new InputError(`${scan.file}: damaged JSON outside the events; export the trace again`)
  if (end > 0) keepMetadata(scan, key, bytes.subarray(value, end))
  return end
}

function keepMetadata(scan: Scan, key: string, value: Buffer): void {
  if (value.length > LONGEST_METADATA) return
  // A value that is not valid JSON is a fact that is not known.
  const parsed = jsonValue(value.toString('utf8'))
  if (parsed !== undefined) scan.metadata[key] = parsed
}

function readEvent(scan: Scan, bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === 0x2c) return at + 1
  if (byte === 0x5d) {
    scan.state = scan.inObject ? 'members' : 'end'
    return at + 1
  }
  if (byte !== 0x7b) return recover(scan, bytes, at)
  const { view } = scan
  clear(view)
  const end = readMembers(scan, bytes, at)
  if (end === NEEDS_MORE) return NEEDS_MORE
  if (end === INVALID) return recover(scan, bytes, at)
  scan.events++
  scan.recovering = false
  scan.sink.event(view)
  return end
}

function clear(view: EventView): void {
  view.phase = 0
  view.nameFrom = -1
  view.nameTo = -1
  view.categoryFrom = -1
  view.processFrom = -1
  view.processTo = -1
  view.threadFrom = -1
  view.threadTo = -1
  view.hasTime = false
  view.durationUs = Number.NaN
  view.argsFrom = -1
  view.argsRead = false
}

/** Notes in the view where the members that are looked at stand; the position behind the event. */
function readMembers({ view, key, sink }: Scan, bytes: Buffer, at: number): number {
  let value = firstMember(bytes, at, key)
  while (value >= 0 && key.from >= 0) {
    const isArgs = bytes[value] === 0x7b && isText(bytes, key.from, key.to, 'args')
    const end = isArgs ? sink.args(view, value) : skipValue(bytes, value)
    if (end < 0) return end
    if (isArgs) view.argsFrom = value
    else if (key.to - key.from <= LONGEST_KEY) takeMember(view, key, value, end)
    value = nextMember(bytes, end, key)
  }
  return value
}

/** Most characters of the names of members that are read. */
const LONGEST_KEY = 4

function takeMember(view: EventView, key: Key, from: number, to: number): void {
  const { bytes } = view
  const quoted = bytes[from] === 0x22 ? 1 : 0
  const is = (text: string): boolean => isText(bytes, key.from, key.to, text)
  if (is('ph')) view.phase = bytes[from + quoted]!
  else if (is('ts')) view.hasTime = longNumberAt(bytes, from, to, view.time)
  else if (is('dur')) view.durationUs = numberAt(bytes, from, to)
  else if (is('pid')) {
    view.processFrom = from + quoted
    view.processTo = to - quoted
  } else if (is('tid')) {
    view.threadFrom = from + quoted
    view.threadTo = to - quoted
  } else if (is('cat')) {
    view.categoryFrom = from + quoted
    view.categoryTo = to - quoted
  } else if (is('name')) {
    view.nameFrom = from + quoted
    view.nameTo = to - quoted
  }
}

/** Past an event that cannot be read: to where the next seems to begin. */
function recover(scan: Scan, bytes: Buffer, at: number): number {
  if (!scan.recovering) scan.unreadable++
  scan.recovering = true
  if (scan.unreadable > 1000 && scan.unreadable > scan.events)
    throw new InputError(`${scan.file}: its events cannot be read; export the trace again`)
  for (let i = bytes.indexOf(0x7b, at + 1); i >= 0; i = bytes.indexOf(0x7b, i + 1)) {
    const key = skipBlanks(bytes, i + 1)
    if (bytes[key] === 0x22 && /^"(ph|cat|name|pid|tid|ts|dur|args|id)"\s*:/.test(bytes.toString('latin1', key, key + 12)))
      return i
  }
  return Math.max(at + 1, bytes.length - 16)
}
