// Tables of a FlatBuffer as plain objects. Nothing is believed: every offset, vtable, vector and string is checked against the file
// before it is read, and what is read in all is bounded by the file's size, since a small file can name one table a million times.
// https://flatbuffers.dev/internals/
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Field, type Fields, type Row, SCALAR_BYTES, type ScalarType, type UnionField } from './fields.ts'

/** Memory that plain objects may take, per byte of the file: most of a file is weights, which stay where they are. */
const READ_PER_BYTE = 4
const READ_AT_LEAST_BYTES = 128 * 2 ** 20
/** What V8 takes for a table with its offset, and for each of its fields. */
const TABLE_BYTES = 64
const FIELD_BYTES = 16
const NUMBER_BYTES = 8

interface Reading {
  readonly file: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView
  leftBytes: number
}

/** The root table. `bytes` fields are views into `bytes`. Throws InputError if the file is damaged; `file` names it. */
export function readRoot<Table extends Fields>(bytes: Uint8Array<ArrayBuffer>, table: Table, file: string): Row<Table> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reading = { file, bytes, view, leftBytes: READ_AT_LEAST_BYTES + bytes.byteLength * READ_PER_BYTE }
  return readTable(reading, follow(reading, 0, 'root'), table, 'root') as Row<Table>
}

/** `at`: where the table begins. `path` names it in messages. */
function readTable(reading: Reading, at: number, table: Fields, path: string): Record<string, unknown> {
  const { view } = reading
  const entries = Object.entries(table)
  spend(reading, TABLE_BYTES + entries.length * FIELD_BYTES, path)
  need(reading, at, 4, path)
  const vtable = at - view.getInt32(at, true)
  need(reading, vtable, 4, `the vtable of ${path}`)
  const vtableBytes = view.getUint16(vtable, true)
  need(reading, vtable, Math.max(vtableBytes, 4), `the vtable of ${path}`)
  if (vtableBytes < 4) throw damaged(reading, vtable, `the vtable of ${path}`)
  // The place of slot `slot`; undefined if the table lacks it.
  const place = (slot: number): number | undefined => {
    const entry = 4 + slot * 2
    const offset = entry + 2 <= vtableBytes ? view.getUint16(vtable + entry, true) : 0
    return offset === 0 ? undefined : at + offset
  }
  const row: Record<string, unknown> = {}
  let slot = 0
  for (const [name, field] of entries) {
    const inside = `${path}.${name}`
    row[name] =
      field.kind === 'union'
        ? readUnion(reading, [place(slot), place(slot + 1)], field, inside)
        : readField(reading, place(slot), field, inside)
    slot += field.kind === 'union' ? 2 : 1
  }
  return row
}

function readField(reading: Reading, at: number | undefined, field: Exclude<Field, UnionField>, path: string): unknown {
  switch (field.kind) {
    case 'gone':
      return undefined
    case 'scalar':
      return at === undefined ? field.fallback : readScalar(reading, at, field.type, path)
    case 'string':
      return at === undefined ? '' : readString(reading, at, path)
    case 'bytes': {
      if (at === undefined) return new Uint8Array(0)
      const { start, count } = readVector(reading, at, 1, path)
      return reading.bytes.subarray(start, start + count)
    }
    case 'vector': {
      if (at === undefined) return []
      const size = SCALAR_BYTES[field.type]
      const { start, count } = readVector(reading, at, size, path)
      spend(reading, count * NUMBER_BYTES, path)
      return Array.from({ length: count }, (_, k) => readScalar(reading, start + k * size, field.type, path))
    }
    case 'table':
      return at === undefined ? undefined : readTable(reading, follow(reading, at, path), field.table, path)
    case 'tables': {
      if (at === undefined) return []
      const { start, count } = readVector(reading, at, 4, path)
      spend(reading, count * NUMBER_BYTES, path)
      return Array.from({ length: count }, (_, k) => {
        const inside = `${path}[${k}]`
        return readTable(reading, follow(reading, start + k * 4, inside), field.table, inside)
      })
    }
  }
}

function readUnion(
  reading: Reading,
  [numberAt, tableAt]: readonly [number | undefined, number | undefined],
  { members }: UnionField,
  path: string,
): { member: string; fields: Record<string, unknown> } | undefined {
  const number = numberAt === undefined ? 0 : readNumber(reading, numberAt, path)
  if (number === 0 || tableAt === undefined) return undefined
  const found = Object.entries(members)[number - 1]
  // A newer schema: whoever asks for it says that it is not known.
  if (found === undefined) return { member: `number ${number}`, fields: {} }
  const [member, table] = found
  return { member, fields: readTable(reading, follow(reading, tableAt, path), table, `${path}.${member}`) }
}

const readNumber = (reading: Reading, at: number, path: string): number => Number(readScalar(reading, at, 'uint8', path))

function readScalar(reading: Reading, at: number, type: ScalarType, path: string): number | boolean {
  const { view } = reading
  need(reading, at, SCALAR_BYTES[type], path)
  switch (type) {
    case 'bool':
      return view.getUint8(at) !== 0
    case 'int8':
      return view.getInt8(at)
    case 'uint8':
      return view.getUint8(at)
    case 'uint16':
      return view.getUint16(at, true)
    case 'int32':
      return view.getInt32(at, true)
    case 'uint32':
      return view.getUint32(at, true)
    case 'float32':
      return view.getFloat32(at, true)
    case 'int64':
      return Number(view.getBigInt64(at, true))
    case 'uint64':
      return Number(view.getBigUint64(at, true))
  }
}

function readString(reading: Reading, at: number, path: string): string {
  const { start, count } = readVector(reading, at, 1, path)
  spend(reading, count, path)
  return new TextDecoder().decode(reading.bytes.subarray(start, start + count))
}

/** Where the elements of the vector begin that is named at `at`, and how many they are. */
function readVector(reading: Reading, at: number, elementBytes: number, path: string): { start: number; count: number } {
  const vector = follow(reading, at, path)
  need(reading, vector, 4, path)
  const count = reading.view.getUint32(vector, true)
  need(reading, vector + 4, count * elementBytes, path)
  return { start: vector + 4, count }
}

/** Where the offset at `at` leads to. */
function follow(reading: Reading, at: number, path: string): number {
  need(reading, at, 4, path)
  // What is named costs something to read, however small it is.
  spend(reading, NUMBER_BYTES, path)
  return at + reading.view.getUint32(at, true)
}

function need({ view, file }: Reading, at: number, sizeBytes: number, path: string): void {
  if (at >= 0 && at + sizeBytes <= view.byteLength) return
  throw new InputError(
    `${file} is damaged or cut off: ${path} lies outside its ${view.byteLength} bytes; download or export it again`,
  )
}

function spend(reading: Reading, sizeBytes: number, path: string): void {
  reading.leftBytes -= sizeBytes
  if (reading.leftBytes < 0)
    throw new InputError(`${reading.file} is damaged: its tables name each other too often, last in ${path}; export it again`)
}

function damaged({ file }: Reading, at: number, what: string): InputError {
  return new InputError(`${file} is damaged at byte ${at}, in ${what}; download or export it again`)
}
