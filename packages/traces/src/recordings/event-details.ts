// What the arguments of an event tell: for operators their inputs, for kernels and copies how they were launched. Read where they lie: no
// string is made of what millions of events repeat.
import { jsonValue } from '@whyslow/graph/json.ts'
import { decodeText } from './intern-table.ts'
import { firstMember, INVALID, isText, type Key, nextMember, numberAt, skipValue } from './json-bytes.ts'
import type { Detail } from './recording.ts'
import type { TimelineBuilder } from './timeline-builder.ts'

/** What joins an event with others, and the number of what else is told of it. */
export interface ReadArgs {
  correlation: number
  operator: number
  detail: number
}

/** A member of the arguments: positions of its key, without quotes, and of its value. */
interface Member extends Key {
  valueFrom: number
  valueTo: number
}

/** One for all: it is read before the next. */
const MEMBER: Member = { from: -1, to: -1, valueFrom: -1, valueTo: -1 }

/** The first member, or the one after; false: there is none, and MEMBER.valueTo is the position behind the object, MORE or BAD. */
function advance(bytes: Buffer, at: number, isFirst: boolean): boolean {
  const value = isFirst ? firstMember(bytes, at, MEMBER) : nextMember(bytes, at, MEMBER)
  const isMember = value >= 0 && MEMBER.from >= 0
  MEMBER.valueFrom = value
  MEMBER.valueTo = isMember ? skipValue(bytes, value) : value
  return isMember && MEMBER.valueTo >= 0
}

/** Where the object at `at` ends, of which `told` was found: what is not valid JSON within may still be whole in its braces. */
const endOfArgs = (bytes: Buffer, at: number, told: number): number => (told === INVALID ? skipValue(bytes, at) : told)

const isKey = (bytes: Buffer, key: string): boolean => isText(bytes, MEMBER.from, MEMBER.to, key)
const valueText = (bytes: Buffer): string => text(bytes, MEMBER.valueFrom, MEMBER.valueTo)
const valueNumber = (bytes: Buffer): number => numberAt(bytes, MEMBER.valueFrom, MEMBER.valueTo)

const text = (bytes: Buffer, from: number, to: number): string =>
  bytes[from] === 0x22 ? decodeText(bytes.subarray(from + 1, to - 1)) : bytes.toString('utf8', from, to)

function id(builder: TimelineBuilder, bytes: Buffer): number {
  // Longer than a double holds: kept as text.
  if (MEMBER.valueTo - MEMBER.valueFrom > 15) return builder.longId(valueText(bytes))
  return builder.shortId(valueNumber(bytes))
}

/** Correlation and operator alone: of calls. The position behind the object at `at`, as of the others. */
export function readIds(builder: TimelineBuilder, bytes: Buffer, at: number, into: ReadArgs): number {
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) takeId(builder, bytes, into)
  return endOfArgs(bytes, at, MEMBER.valueTo)
}

function takeId(builder: TimelineBuilder, bytes: Buffer, into: ReadArgs): boolean {
  if (MEMBER.to - MEMBER.from !== 11) return false
  if (isKey(bytes, 'correlation')) into.correlation = id(builder, bytes)
  else if (isKey(bytes, 'External id') || isKey(bytes, 'external id')) into.operator = id(builder, bytes)
  else return false
  return true
}

/** Members of an operator's arguments that tell calls apart. */
const OPERATOR_KEYS = [
  'Input Dims',
  'Input dims',
  'Input type',
  'Concrete Inputs',
  'Sequence number',
  'Fwd thread id',
  'Collective name',
] as const
type OperatorKey = (typeof OPERATOR_KEYS)[number]
const LONGEST_KEY = 15

function operatorKey(bytes: Buffer): number {
  const length = MEMBER.to - MEMBER.from
  if (length > LONGEST_KEY || length < 10) return -1
  for (let i = 0; i < OPERATOR_KEYS.length; i++) if (isKey(bytes, OPERATOR_KEYS[i]!)) return i
  return -1
}

/** What tells one operator's arguments from another's, as bytes; grows to the longest. */
let scratch: Buffer = Buffer.allocUnsafe(1 << 13)

function makeRoom(length: number, more: number): void {
  if (length + more > scratch.length) scratch = Buffer.concat([scratch.subarray(0, length)], 2 * (length + more))
}

/** Reads an operator's arguments: shapes and types of the inputs, arguments, whether autograd follows. */
export function readOperatorArgs(builder: TimelineBuilder, bytes: Buffer, at: number, into: ReadArgs): number {
  let length = 0
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) {
    if (takeId(builder, bytes, into)) continue
    const key = operatorKey(bytes)
    if (key >= 0) length = noteOperatorValue(bytes, key, length)
  }
  const end = endOfArgs(bytes, at, MEMBER.valueTo)
  if (end >= 0 && length > 0) into.detail = builder.detailOf(scratch, length, () => operatorDetail(bytes, at))
  return end
}

/** Notes that there is such a member. */
function noteFact(key: number, length: number): number {
  makeRoom(length, 1)
  scratch[length] = 1 + key
  return length + 1
}

/** Notes a value. Numbers of calls differ from one to the next: only that there are some is kept. */
function noteOperatorValue(bytes: Buffer, key: number, length: number): number {
  const name = OPERATOR_KEYS[key]
  if (name !== 'Sequence number' && name !== 'Fwd thread id') return noteValue(bytes, key, length)
  return name === 'Sequence number' || isPositive(bytes) ? noteFact(key, length) : length
}

/** A byte for the key, which is none that JSON begins with, and the value; the length of all so far. */
function noteValue(bytes: Buffer, key: number, length: number): number {
  const { valueFrom, valueTo } = MEMBER
  makeRoom(length, 1 + valueTo - valueFrom)
  let at = length
  scratch[at++] = 1 + key
  for (let i = valueFrom; i < valueTo; i++) scratch[at++] = bytes[i]!
  return at
}

const isPositive = (bytes: Buffer): boolean => valueNumber(bytes) > 0

function operatorDetail(bytes: Buffer, at: number): Detail {
  const values: Partial<Record<OperatorKey, unknown>> = {}
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) {
    const key = operatorKey(bytes)
    if (key < 0) continue
    const name = OPERATOR_KEYS[key]!
    values[name] = name === 'Sequence number' ? true : name === 'Fwd thread id' ? isPositive(bytes) : parsed(valueText(bytes))
  }
  const shapes = values['Input Dims'] ?? values['Input dims']
  const types = values['Input type']
  const concrete = values['Concrete Inputs']
  return {
    ...(Array.isArray(shapes) ? { shapes: shapes.map(shapeOf) } : {}),
    ...(Array.isArray(types) ? { types: types.map(String) } : {}),
    ...(Array.isArray(concrete)
      ? { concrete: concrete.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) }
      : {}),
    ...(values['Sequence number'] === true ? { sequence: true } : {}),
    ...(values['Fwd thread id'] === true ? { backward: true } : {}),
  }
}

/** Lists of tensors are arrays of shapes: their dimensions are not one tensor's. */
const shapeOf = (value: unknown): number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number') ? (value as number[]) : []

/** Too short to be nested beyond measure. */
const SHORT = 800

/** Undefined if it is not JSON, or nested beyond measure: texts are not counted while the event is scanned. */
function parsed(value: string): unknown {
  if (value.length > SHORT && skipValue(Buffer.from(value), 0) < 0) return undefined
  return jsonValue(value)
}

/** Members of the arguments of kernels and copies, and what each tells. */
const DEVICE_KEYS: Readonly<Record<string, (value: number, text: () => string) => Detail>> = {
  bytes: (value) => ({ bytes: value }),
  size: (value) => ({ bytes: value }),
  stream: (_, text) => ({ stream: text() }),
  'est. achieved occupancy %': (value) => ({ occupancyBound: value / 100 }),
  'blocks per SM': (value) => ({ blocksPerMultiprocessor: value }),
  'graph id': (value) => (value > 0 ? { graph: true } : {}),
  direction: (_, text) => ({ direction: directionOf(text()) }),
  kernel_flop: (value) => ({ flops: value }),
  kernel_num_gb: (value) => ({ accessedBytes: value * 1e9 }),
}
const DEVICE_NAMES = Object.keys(DEVICE_KEYS)
const GRAPH_ID = DEVICE_NAMES.indexOf('graph id')

const directionOf = (told: string): NonNullable<Detail['direction']> =>
  /to_?host/i.test(told) ? 'to-host' : /host_?to/i.test(told) ? 'to-device' : 'on-device'

function deviceKey(bytes: Buffer): number {
  for (let i = 0; i < DEVICE_NAMES.length; i++) if (isKey(bytes, DEVICE_NAMES[i]!)) return i
  return -1
}

/** Reads the arguments of kernels and copies: joins, bytes, the geometry of the launch. */
export function readDeviceArgs(
  builder: TimelineBuilder,
  bytes: Buffer,
  at: number,
  into: ReadArgs & { collective: boolean },
): number {
  let length = 0
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) {
    if (takeId(builder, bytes, into)) continue
    const key = deviceKey(bytes)
    if (key >= 0) {
      // Each replay of a captured graph has an id of its own.
      if (key !== GRAPH_ID) length = noteValue(bytes, key, length)
      else if (isPositive(bytes)) length = noteFact(key, length)
    } else if (isKey(bytes, 'Collective name')) into.collective = true
  }
  const end = endOfArgs(bytes, at, MEMBER.valueTo)
  if (end >= 0 && length > 0) into.detail = builder.detailOf(scratch, length, () => deviceDetail(bytes, at))
  return end
}

function deviceDetail(bytes: Buffer, at: number): Detail {
  let detail: Detail = {}
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) {
    const key = deviceKey(bytes)
    if (key >= 0) detail = { ...detail, ...DEVICE_KEYS[DEVICE_NAMES[key]!]!(valueNumber(bytes), () => valueText(bytes)) }
  }
  // A number that is none makes the others doubtful.
  return Object.values(detail).every((value) => typeof value !== 'number' || Number.isFinite(value)) ? detail : {}
}

/** The members of the arguments as a plain object; {} where they are no JSON. For what is rare. */
export function plainArgs(bytes: Buffer, at: number): Readonly<Record<string, unknown>> {
  const members: Record<string, unknown> = {}
  for (let more = advance(bytes, at, true); more; more = advance(bytes, MEMBER.valueTo, false)) {
    const value = bytes.toString('utf8', MEMBER.valueFrom, MEMBER.valueTo)
    members[decodeText(bytes.subarray(MEMBER.from, MEMBER.to))] = parsed(value) ?? valueText(bytes)
  }
  return members
}
