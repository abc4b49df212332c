// Python's marshal (Python/marshal.c), of what cProfile writes and nothing else: dictionaries, tuples, numbers and strings. Python's own
// reader is not safe on a stranger's bytes; code objects are refused here.
import { InputError } from '@whyslow/graph/input-error.ts'

const MOST_DEPTH = 8
const MOST_STRING = 1 << 16
const MOST_OBJECTS = 4_000_000

/** Dictionaries are lists of pairs: their keys are tuples. */
export type Marshalled = null | boolean | number | string | readonly Marshalled[] | MarshalledPairs
export interface MarshalledPairs {
  readonly pairs: readonly (readonly [Marshalled, Marshalled])[]
}

interface Reading {
  readonly file: string
  readonly bytes: Buffer
  at: number
  objects: number
  readonly refs: (Marshalled | undefined)[]
}

const END = Symbol('the end of a dictionary')

/** InputError if the bytes are cut, hold code, or are no marshal data. */
export function readMarshal(file: string, bytes: Buffer): Marshalled {
  const reading: Reading = { file, bytes, at: 0, objects: 0, refs: [] }
  const value = read(reading, 0)
  if (value === END) throw fault(reading, 'an end without a begin')
  return value
}

function fault({ file, at }: Reading, what: string): InputError {
  return new InputError(`${file}: damaged cProfile data (${what} at byte ${at}); write it again with dump_stats`)
}

function need(reading: Reading, size: number): number {
  const { at, bytes } = reading
  if (size < 0 || at + size > bytes.length) throw fault(reading, 'cut off')
  reading.at += size
  return at
}

function read(reading: Reading, depth: number): Marshalled | typeof END {
  if (depth > MOST_DEPTH) throw fault(reading, 'nested too deeply')
  if (++reading.objects > MOST_OBJECTS) throw fault(reading, 'too many values')
  const byte = reading.bytes[need(reading, 1)]!
  // The place of a reference is taken before what it holds is read.
  const slot = byte >= 0x80 ? reading.refs.push(undefined) - 1 : -1
  const value = readType(reading, String.fromCharCode(byte & 0x7f), depth)
  if (slot >= 0 && value !== END) reading.refs[slot] = value
  return value
}

function readType(reading: Reading, type: string, depth: number): Marshalled | typeof END {
  switch (type) {
    case '0':
      return END
    case 'N':
      return null
    case 'T':
    case 'F':
      return type === 'T'
    case 'i':
      return reading.bytes.readInt32LE(need(reading, 4))
    case 'I':
      return Number(reading.bytes.readBigInt64LE(need(reading, 8)))
    case 'l':
      return readLong(reading)
    case 'g':
      return reading.bytes.readDoubleLE(need(reading, 8))
    case 'z':
    case 'Z':
      return readText(reading, reading.bytes[need(reading, 1)]!, 'latin1')
    case 'a':
    case 'A':
      return readText(reading, reading.bytes.readInt32LE(need(reading, 4)), 'latin1')
    case 'u':
    case 't':
    case 's':
      return readText(reading, reading.bytes.readInt32LE(need(reading, 4)), 'utf8')
    case ')':
      return readItems(reading, reading.bytes[need(reading, 1)]!, depth)
    case '(':
      return readItems(reading, reading.bytes.readInt32LE(need(reading, 4)), depth)
    case '{':
      return readPairs(reading, depth)
    case 'r':
      return readReference(reading)
    case 'c':
      throw new InputError(`${reading.file}: Python code, not a profile; whyslow reads no code (give what dump_stats wrote)`)
    default:
      throw fault(reading, `a value of type ${JSON.stringify(type)}, which no profile has`)
  }
}

function readReference(reading: Reading): Marshalled {
  const value = reading.refs[reading.bytes.readUInt32LE(need(reading, 4))]
  if (value === undefined) throw fault(reading, 'a reference to nothing')
  return value
}

/** Digits of 15 bits; negative where their count is. */
function readLong(reading: Reading): number {
  const size = reading.bytes.readInt32LE(need(reading, 4))
  if (Math.abs(size) > 64) throw fault(reading, 'a number too long')
  let value = 0
  for (let i = 0; i < Math.abs(size); i++) value += reading.bytes.readUInt16LE(need(reading, 2)) * 2 ** (15 * i)
  return size < 0 ? -value : value
}

function readText(reading: Reading, length: number, encoding: 'latin1' | 'utf8'): string {
  if (length > MOST_STRING) throw fault(reading, 'a string too long')
  const from = need(reading, length)
  return reading.bytes.toString(encoding, from, from + length)
}

function readItems(reading: Reading, count: number, depth: number): Marshalled[] {
  if (count < 0 || count > reading.bytes.length) throw fault(reading, 'a tuple too long')
  return Array.from({ length: count }, () => {
    const item = read(reading, depth + 1)
    if (item === END) throw fault(reading, 'an end without a begin')
    return item
  })
}

function readPairs(reading: Reading, depth: number): MarshalledPairs {
  const pairs: [Marshalled, Marshalled][] = []
  for (;;) {
    const key = read(reading, depth + 1)
    if (key === END) return { pairs }
    const value = read(reading, depth + 1)
    if (value === END) throw fault(reading, 'a key without its value')
    pairs.push([key, value])
  }
}
