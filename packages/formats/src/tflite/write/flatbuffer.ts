// A FlatBuffer written from plain objects by the same description that it is read by (../fields.ts), with FlatBuffers' own builder: children
// first, tables whose fields stand alike share a vtable, and what equals a field's fallback is left out.
import { Builder } from 'flatbuffers'
import { type Field, type Fields, SCALAR_BYTES, type ScalarType, type VectorField } from '../fields.ts'

/** A table to write: fields that are absent are as the schema has them. A union says its member. */
export interface Draft {
  readonly [name: string]: DraftValue
}
export type DraftValue =
  | number
  | boolean
  | string
  | readonly number[]
  | Uint8Array
  | Draft
  | readonly Draft[]
  | { readonly member: string; readonly fields: Draft }
  | undefined

/** A field that is there: a number, or the offset of what was written before. */
interface Slot {
  readonly slot: number
  readonly scalar?: ScalarType
  readonly value: number | boolean
}

const START_BYTES = 1 << 16
const UNION_NUMBER: ScalarType = 'uint8'

/** The file; undefined if it would be larger than offsets reach (2 GB). */
export function writeRoot(draft: Draft, table: Fields, identifier: string): Uint8Array<ArrayBuffer> | undefined {
  const builder = new Builder(START_BYTES)
  try {
    builder.finish(writeTable(builder, draft, table), identifier)
  } catch (error) {
    // The builder's own words; it has no class of errors.
    if (error instanceof Error && /cannot grow buffer beyond/.test(error.message)) return undefined
    throw error
  }
  return Uint8Array.from(builder.asUint8Array())
}

/** Offsets that the builder gives count from the end of the file. */
function writeTable(builder: Builder, draft: Draft, table: Fields): number {
  const slots: Slot[] = []
  let slot = 0
  for (const [name, field] of Object.entries(table)) {
    const value = draft[name]
    if (value !== undefined && field.kind === 'union') {
      const { member, fields } = value as { readonly member: string; readonly fields: Draft }
      slots.push({ slot, scalar: UNION_NUMBER, value: Object.keys(field.members).indexOf(member) + 1 })
      slots.push({ slot: slot + 1, value: writeTable(builder, fields, field.members[member]!) })
    } else if (value !== undefined && !isFallback(field, value)) {
      const isScalar = field.kind === 'scalar'
      slots.push(
        isScalar ? { slot, scalar: field.type, value: value as number } : { slot, value: writeBehind(builder, field, value) },
      )
    }
    slot += field.kind === 'union' ? 2 : 1
  }
  builder.startObject(slot)
  // Largest first, so that few bytes are lost to alignment.
  const bytesOf = ({ scalar }: Slot): number => (scalar === undefined ? 4 : SCALAR_BYTES[scalar])
  for (const one of slots.sort((a, b) => bytesOf(b) - bytesOf(a))) {
    if (one.scalar === undefined) builder.addFieldOffset(one.slot, Number(one.value), 0)
    else {
      addScalar(builder, one.scalar, Number(one.value))
      builder.slot(one.slot)
    }
  }
  return builder.endObject()
}

/** The offset of the content that a field points to. */
function writeBehind(builder: Builder, field: Field, value: Exclude<DraftValue, undefined>): number {
  switch (field.kind) {
    case 'string':
      return builder.createString(value as string)
    case 'bytes':
      return writeBytes(builder, value as Uint8Array, field.align)
    case 'vector':
      return writeVector(builder, field, value as readonly number[])
    case 'table':
      return writeTable(builder, value as Draft, field.table)
    case 'tables': {
      const offsets = (value as readonly Draft[]).map((draft) => writeTable(builder, draft, field.table))
      builder.startVector(4, offsets.length, 4)
      for (const offset of offsets.reverse()) builder.addOffset(offset)
      return builder.endVector()
    }
    default:
      throw new TypeError(`a field of kind ${field.kind} is written in place`)
  }
}

/** Content with the alignment that the schema forces: the builder aligns bytes by their own size, which is 1. */
function writeBytes(builder: Builder, bytes: Uint8Array, align: number): number {
  builder.prep(Math.max(4, align), bytes.byteLength)
  return builder.createByteVector(bytes)
}

function writeVector(builder: Builder, { type }: VectorField, values: readonly number[]): number {
  const bytes = SCALAR_BYTES[type]
  builder.startVector(bytes, values.length, bytes)
  for (let k = values.length - 1; k >= 0; k--) addScalar(builder, type, values[k]!)
  return builder.endVector()
}

function addScalar(builder: Builder, type: ScalarType, value: number): void {
  if (type === 'float32') builder.addFloat32(value)
  else if (SCALAR_BYTES[type] === 8) builder.addInt64(BigInt(value))
  else if (SCALAR_BYTES[type] === 4) builder.addInt32(value)
  else if (SCALAR_BYTES[type] === 2) builder.addInt16(value)
  else builder.addInt8(value)
}

function isFallback(field: Field, value: Exclude<DraftValue, undefined>): boolean {
  if (field.kind === 'scalar') return field.fallback === value
  if (field.kind === 'table' || field.kind === 'union') return false
  return (value as { readonly length: number }).length === 0
}
