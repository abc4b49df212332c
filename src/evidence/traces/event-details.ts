// What the arguments of an event tell: for operators their inputs, for kernels and copies how they were launched. Read where they lie.
import { decoded } from './interned.ts'
import { isText, numberAt, walkObject } from './json-bytes.ts'
import type { Detail } from './recording.ts'
import type { TimelineBuilder } from './timeline-builder.ts'

/** What joins an event with others, and the number of what else is told of it. */
export interface ReadArgs {
  correlation: number
  operator: number
  detail: number
}

const text = (bytes: Buffer, from: number, to: number): string =>
  bytes[from] === 0x22 ? decoded(bytes.subarray(from + 1, to - 1)) : bytes.toString('utf8', from, to)

function id(builder: TimelineBuilder, bytes: Buffer, [from, to]: readonly [number, number]): number {
  // Longer than a double holds: kept as text.
  if (to - from > 15) return builder.longId(text(bytes, from, to))
  return builder.shortId(numberAt(bytes, from, to))
}

/** Correlation and operator alone: of calls. */
export function readIds(builder: TimelineBuilder, bytes: Buffer, at: number, into: ReadArgs): void {
  walkObject(bytes, at, (keyFrom, keyTo, from, to) => takeId(builder, bytes, [keyFrom, keyTo, from, to], into))
}

function takeId(
  builder: TimelineBuilder,
  bytes: Buffer,
  where: readonly [number, number, number, number],
  into: ReadArgs,
): boolean {
  const [keyFrom, keyTo, from, to] = where
  if (isText(bytes, keyFrom, keyTo, 'correlation')) into.correlation = id(builder, bytes, [from, to])
  else if (isText(bytes, keyFrom, keyTo, 'External id') || isText(bytes, keyFrom, keyTo, 'external id'))
    into.operator = id(builder, bytes, [from, to])
  else return false
  return true
}

const OP_KEYS = new Set([
  'Input Dims',
  'Input dims',
  'Input type',
  'Concrete Inputs',
  'Sequence number',
  'Fwd thread id',
  'Collective name',
])

/** Of operators: shapes and types of the inputs, arguments, whether autograd follows. */
export function readOperatorArgs(builder: TimelineBuilder, bytes: Buffer, at: number, into: ReadArgs): void {
  let key = ''
  walkObject(bytes, at, (keyFrom, keyTo, from, to) => {
    if (takeId(builder, bytes, [keyFrom, keyTo, from, to], into)) return
    const name = bytes.toString('latin1', keyFrom, keyTo)
    if (!OP_KEYS.has(name)) return
    // Numbers of calls differ from one to the next; that there are some is what is kept.
    const value =
      name === 'Sequence number'
        ? 'true'
        : name === 'Fwd thread id'
          ? String(numberAt(bytes, from, to) > 0)
          : text(bytes, from, to)
    key += `${name}\u0000${value}\u0001`
  })
  if (key !== '') into.detail = builder.detail(key, () => operatorDetail(key))
}

function operatorDetail(key: string): Detail {
  const values = new Map(key.split('\u0001').map((part) => part.split('\u0000') as [string, string]))
  const shapes = parsed(values.get('Input Dims') ?? values.get('Input dims'))
  const types = parsed(values.get('Input type'))
  const concrete = parsed(values.get('Concrete Inputs'))
  return {
    ...(Array.isArray(shapes) ? { shapes: shapes.map(shapeOf) } : {}),
    ...(Array.isArray(types) ? { types: types.map(String) } : {}),
    ...(Array.isArray(concrete)
      ? { concrete: concrete.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) }
      : {}),
    ...(values.has('Sequence number') ? { sequence: true } : {}),
    ...(values.get('Fwd thread id') === 'true' ? { backward: true } : {}),
  }
}

/** Lists of tensors are arrays of shapes: their dimensions are not one tensor's. */
const shapeOf = (value: unknown): number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number') ? (value as number[]) : []

function parsed(value: string | undefined): unknown {
  if (value === undefined) return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** Of kernels and copies: joins, bytes, the geometry of the launch. */
export function readDeviceArgs(
  builder: TimelineBuilder,
  bytes: Buffer,
  at: number,
  into: ReadArgs & { collective: boolean },
): void {
  const detail: { -readonly [K in keyof Detail]: Detail[K] } = {}
  walkObject(bytes, at, (keyFrom, keyTo, from, to) => {
    if (takeId(builder, bytes, [keyFrom, keyTo, from, to], into)) return
    switch (bytes.toString('latin1', keyFrom, keyTo)) {
      case 'bytes':
      case 'size':
        detail.bytes = numberAt(bytes, from, to)
        return
      case 'stream':
        detail.stream = text(bytes, from, to)
        return
      case 'est. achieved occupancy %':
        detail.occupancyBound = numberAt(bytes, from, to) / 100
        return
      case 'blocks per SM':
        detail.blocksPerMultiprocessor = numberAt(bytes, from, to)
        return
      case 'graph id':
        if (numberAt(bytes, from, to) > 0) detail.graph = true
        return
      case 'Collective name':
        into.collective = true
        return
      case 'direction':
        detail.direction = /to_?host/i.test(text(bytes, from, to))
          ? 'to-host'
          : /host_?to/i.test(text(bytes, from, to))
            ? 'to-device'
            : 'on-device'
        return
      case 'kernel_flop':
        detail.flops = numberAt(bytes, from, to)
        return
      case 'kernel_num_gb':
        detail.accessedBytes = numberAt(bytes, from, to) * 1e9
    }
  })
  const known = Object.values(detail).every((value) => typeof value !== 'number' || Number.isFinite(value))
  const key = JSON.stringify(detail)
  if (known && key !== '{}') into.detail = builder.detail(key, () => detail)
}

/** The members of the arguments as a plain object; {} where they are no JSON. For what is rare. */
export function plainArgs(bytes: Buffer, at: number): Readonly<Record<string, unknown>> {
  const members: Record<string, unknown> = {}
  walkObject(bytes, at, (keyFrom, keyTo, from, to) => {
    const value = bytes.toString('utf8', from, to)
    members[decoded(bytes.subarray(keyFrom, keyTo))] = parsed(value) ?? text(bytes, from, to)
  })
  return members
}
