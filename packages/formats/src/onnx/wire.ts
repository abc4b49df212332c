// The protobuf wire format of an ONNX file, checked before it is decoded. The decoder trusts lengths, wire types and varints
// more than a damaged file deserves: some of them make it loop for ever or use up the memory.
// https://protobuf.dev/programming-guides/encoding/
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProtoSchema } from 'onnx-buf'

/** Nesting of messages that protobuf readers allow by default, the decoder and the engines among them. */
const DEPTH_LIMIT = 100
/** Messages and strings in one file; each becomes an object of some hundred bytes. 100,000 nodes are about a million. */
const PARTS_LIMIT = 5_000_000
/** Numbers in varint fields of one file, each of which becomes up to 32 bytes. Real weights are raw data, or floats. */
const NUMBERS_LIMIT = 50_000_000
/** Typed float fields from this size on are turned into raw data; smaller ones are left as the file has them. */
const RETAG_BYTES = 64 * 1024

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

export interface WireProblem {
  /** 'truncated': the file ends inside a part of the model. 'damaged': what stands there cannot be ONNX. 'too-large': a limit. */
  readonly kind: 'truncated' | 'damaged' | 'too-large'
  readonly atByte: number
  /** Where, by field names: 'graph.node.attribute'. */
  readonly path: string
  readonly what: string
}

interface Layout {
  readonly fields: ReadonlyMap<number, FieldLayout>
  readonly isTensor: boolean
}

interface FieldLayout {
  readonly name: string
  /** Wire type of one element. */
  readonly wire: number
  readonly isPackable: boolean
  readonly message: Layout | undefined
}

interface Scan {
  readonly bytes: Uint8Array
  position: number
  depth: number
  parts: number
  numbers: number
  readonly retags: Retag[]
}

/** Large typed float fields whose tag can become that of raw data: position of the tag byte and the new tag. */
type Retag = readonly [position: number, tag: number]

/**
 * Checks every tag, length and varint of the ModelProto in `bytes`. Undefined if all is well; then, and only then,
 * **large `float_data` and `double_data` fields are renamed in place to `raw_data`** (one byte each: packed floats and raw
 * data have the same bytes), so that decoding makes views of them and not arrays of JavaScript numbers.
 */
export function checkWire(bytes: Uint8Array): WireProblem | undefined {
  const scan: Scan = { bytes, position: 0, depth: 0, parts: 0, numbers: 0, retags: [] }
  try {
    scanMessage(scan, bytes.byteLength, layoutOf(ModelProtoSchema), '')
  } catch (error) {
    if (error instanceof WireFault) return error.problem
    throw error
  }
  for (const [position, tag] of scan.retags) bytes[position] = tag
  return undefined
}

/** Carries a problem out of the scan; never leaves this file. */
class WireFault extends Error {
  readonly problem: WireProblem
  constructor(kind: WireProblem['kind'], atByte: number, path: string, what: string) {
    super(what)
    this.problem = { kind, atByte, path: path === '' ? 'the model' : path, what }
  }
}

const layouts = new Map<DescMessage, Layout>()

function layoutOf(message: DescMessage): Layout {
  const known = layouts.get(message)
  if (known !== undefined) return known
  const fields = new Map<number, FieldLayout>()
  const layout: Layout = { fields, isTensor: message === TensorProtoSchema }
  layouts.set(message, layout)
  for (const field of message.fields) {
    const wire = wireTypeOf(field)
    const isPackable = field.fieldKind === 'list' && wire !== LENGTH_DELIMITED
    fields.set(field.number, { name: field.name, wire, isPackable, message: field.message && layoutOf(field.message) })
  }
  return layout
}

function wireTypeOf(field: DescField): number {
  if (field.message !== undefined) return LENGTH_DELIMITED
  if (field.enum !== undefined) return VARINT
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return LENGTH_DELIMITED
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return FIXED64
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return FIXED32
    default:
      return VARINT
  }
}

function scanMessage(scan: Scan, end: number, layout: Layout, path: string): void {
  if (++scan.depth > DEPTH_LIMIT)
    throw new WireFault('too-large', scan.position, path, `graphs nested deeper than ${DEPTH_LIMIT} levels`)
  const tensor: TensorFields | undefined = layout.isTensor ? { dataType: 0, hasRaw: false, floats: [], doubles: [] } : undefined
  while (scan.position < end) {
    const start = scan.position
    const tag = readVarint(scan, end, path)
    const number = Math.floor(tag / 8)
    const wire = tag % 8
    const field = layout.fields.get(number)
    if (number === 0 || tag > 0xffffffff) throw damaged(start, path, 'a field without a number')
    const place = field === undefined ? path : path === '' ? field.name : `${path}.${field.name}`
    if (++scan.parts > PARTS_LIMIT) throw new WireFault('too-large', start, place, `more than ${PARTS_LIMIT} parts`)
    if (field !== undefined && wire !== field.wire && !(field.isPackable && wire === LENGTH_DELIMITED)) {
      throw damaged(start, place, `a field of the wrong kind (${wire})`)
    }
    if (wire === LENGTH_DELIMITED) {
      const size = readVarint(scan, end, place)
      const body = scan.position
      if (body + size > end) throw beyond(scan, start, place, `${size} bytes are declared, ${Math.max(0, end - body)} are there`)
      if (field?.message !== undefined) scanMessage(scan, body + size, field.message, place)
      else if (field?.isPackable) scanPacked(scan, body + size, field.wire, place)
      const hasShortTag = body - start === 1 + varintLength(size)
      if (tensor !== undefined) noteTensorField(tensor, number, { tagPosition: start, hasShortTag, size })
      scan.position = body + size
    } else if (wire === VARINT) {
      const value = readVarint(scan, end, place)
      if (tensor !== undefined && number === TENSOR_DATA_TYPE) tensor.dataType = value
    } else if (wire === FIXED32 || wire === FIXED64) {
      if (tensor !== undefined) noteTensorField(tensor, number, { tagPosition: -1, hasShortTag: false, size: 0 })
      scan.position += wire === FIXED32 ? 4 : 8
      if (scan.position > end) throw beyond(scan, start, place, 'a number is cut off')
    } else throw damaged(start, place, `a field of an unknown kind (${wire})`)
  }
  if (tensor !== undefined) scan.retags.push(...retagsOf(tensor))
  scan.depth--
}

function scanPacked(scan: Scan, end: number, wire: number, path: string): void {
  const { bytes } = scan
  const start = scan.position
  if (wire !== VARINT) {
    if ((end - start) % (wire === FIXED32 ? 4 : 8) !== 0)
      throw damaged(start, path, 'a list of numbers whose length does not fit')
    return
  }
  let run = 0
  for (let i = start; i < end; i++) {
    if (bytes[i]! < 0x80) {
      run = 0
      scan.numbers++
    } else if (++run > 9) throw damaged(i, path, 'a number of more than 10 bytes')
  }
  if (run > 0) throw damaged(end, path, 'a list that ends inside a number')
  if (scan.numbers > NUMBERS_LIMIT) {
    throw new WireFault('too-large', start, path, `more than ${NUMBERS_LIMIT} weights stored as single numbers, not as raw data`)
  }
}

/** Up to 2^53 exactly; larger ones are only skipped, their value does not matter. */
function readVarint(scan: Scan, end: number, path: string): number {
  let value = 0
  let scale = 1
  for (let i = 0; i < 10; i++) {
    if (scan.position >= end) throw beyond(scan, scan.position, path, 'a number is cut off')
    const byte = scan.bytes[scan.position++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  throw damaged(scan.position, path, 'a number of more than 10 bytes')
}

function damaged(atByte: number, path: string, what: string): WireFault {
  return new WireFault('damaged', atByte, path, what)
}

/** What a top-level field lacks is missing at the end of the file; deeper down, lengths contradict one another. */
function beyond(scan: Scan, atByte: number, path: string, what: string): WireFault {
  const isTopLevel = scan.depth === 1
  return new WireFault(isTopLevel ? 'truncated' : 'damaged', isTopLevel ? scan.bytes.byteLength : atByte, path, what)
}

const TENSOR_DATA_TYPE = 2
const TENSOR_FLOAT_DATA = 4
const TENSOR_RAW_DATA = 9
const TENSOR_DOUBLE_DATA = 10
const RAW_DATA_TAG = (TENSOR_RAW_DATA << 3) | LENGTH_DELIMITED

interface TensorFields {
  dataType: number
  hasRaw: boolean
  readonly floats: TypedField[]
  readonly doubles: TypedField[]
}

interface TypedField {
  readonly tagPosition: number
  readonly hasShortTag: boolean
  readonly size: number
}

function noteTensorField(tensor: TensorFields, number: number, field: TypedField): void {
  if (number === TENSOR_RAW_DATA) tensor.hasRaw = true
  const list = number === TENSOR_FLOAT_DATA ? tensor.floats : number === TENSOR_DOUBLE_DATA ? tensor.doubles : undefined
  list?.push(field)
}

function varintLength(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5
}

/** Only where the field is the tensor's whole data, in one piece, and of the type that raw data would be read as. */
function retagsOf({ dataType, hasRaw, floats, doubles }: TensorFields): Retag[] {
  const fields = dataType === 1 || dataType === 14 ? floats : dataType === 11 || dataType === 15 ? doubles : []
  const only = fields.length === 1 ? fields[0]! : undefined
  if (hasRaw || only === undefined || !only.hasShortTag || only.size < RETAG_BYTES) return []
  return [[only.tagPosition, RAW_DATA_TAG]]
}
