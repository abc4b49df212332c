// Protocol buffers on the wire (https://protobuf.dev/programming-guides/encoding): the fields of a message where they lie, none copied.
// Messages of gigabytes are walked, not decoded.
import { InputError } from '@whyslow/graph/input-error.ts'

/** A field as it is met: `value` of numbers, the range of what has a length. */
export interface Field {
  number: number
  wire: number
  /** Varints and fixed numbers; whole above 2^53 only in `big`. */
  value: number
  /** Range of a field that has a length. */
  from: number
  to: number
}

/** Told of each field of the message in `bytes` from `from` up to `to`; one object for all. InputError if it is cut. */
export function walkFields(bytes: Buffer, from: number, to: number, visit: (field: Field) => void): void {
  const field: Field = { number: 0, wire: 0, value: 0, from: 0, to: 0 }
  let at = from
  while (at < to) {
    const key = varint(bytes, at, to)
    at += lengthOfVarint(bytes, at, to)
    field.number = Math.floor(key / 8)
    field.wire = key % 8
    switch (field.wire) {
      case 0:
        field.value = varint(bytes, at, to)
        field.from = at
        at += lengthOfVarint(bytes, at, to)
        field.to = at
        break
      case 1:
        if (at + 8 > to) throw cut()
        field.value = bytes.readDoubleLE(at)
        field.from = at
        at += 8
        field.to = at
        break
      case 2: {
        const length = varint(bytes, at, to)
        at += lengthOfVarint(bytes, at, to)
        if (length > to - at) throw cut()
        field.from = at
        at += length
        field.to = at
        break
      }
      case 5:
        if (at + 4 > to) throw cut()
        field.value = bytes.readFloatLE(at)
        field.from = at
        at += 4
        field.to = at
        break
      default:
        throw new InputError('no protocol buffers: a field of an unknown kind')
    }
    if (field.number === 0) throw new InputError('no protocol buffers: a field without a number')
    visit(field)
  }
}

/** Told of each varint of a packed list. InputError if one is cut. */
export function walkPacked(bytes: Buffer, from: number, to: number, visit: (value: number) => void): void {
  for (let at = from; at < to; at += lengthOfVarint(bytes, at, to)) visit(varint(bytes, at, to))
}

const cut = (): InputError => new InputError('cut off within a field')

/** Exact up to 2^53. */
function varint(bytes: Buffer, at: number, to: number): number {
  let value = 0
  let scale = 1
  for (let i = at; i < to && i < at + 10; i++) {
    const byte = bytes[i]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  throw cut()
}

function lengthOfVarint(bytes: Buffer, at: number, to: number): number {
  for (let i = at; i < to && i < at + 10; i++) if (bytes[i]! < 0x80) return i - at + 1
  throw cut()
}

/** The varint at `at`, exact: for nanoseconds since 1970, which no double holds. */
export function bigVarint(bytes: Buffer, at: number): bigint {
  let value = 0n
  for (let i = at, shift = 0n; i < bytes.length && shift < 70n; i++, shift += 7n) {
    value |= BigInt(bytes[i]! & 0x7f) << shift
    if (bytes[i]! < 0x80) return value
  }
  throw cut()
}

/** A signed 64-bit number that was read as an unsigned one. */
export const toSigned = (value: number): number => (value >= 2 ** 63 ? value - 2 ** 64 : value)
