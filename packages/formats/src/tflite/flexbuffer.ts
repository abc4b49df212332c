// Options of custom operators: a FlexBuffer, which says of itself what it holds. Its root is a map, and of that its numbers are read.
// Every offset and width is checked against the bytes first. https://flatbuffers.dev/internals/#flexbuffers
import { float16Value } from '@whyslow/graph/decode.ts'

/** Numbers of the types that a value can have (the upper six bits of its byte; the lower two are the width of what it refers to). */
const KINDS: Readonly<Record<number, 'int' | 'uint' | 'float'>> = { 1: 'int', 2: 'uint', 3: 'float', 26: 'uint' }
/** The same, one offset away. */
const INDIRECT: Readonly<Record<number, 'int' | 'uint' | 'float'>> = { 6: 'int', 7: 'uint', 8: 'float' }
const MAP = 9

const OUTSIDE = 'its options are cut off or damaged'

/** Those of known operators have some hundred. */
const MOST_BYTES = 1 << 13

/** Numbers by their keys; bool is 0 or 1, and what is not a number is left out. A text that says what is wrong if it is not such a map. */
export function flexNumbers(bytes: Uint8Array): ReadonlyMap<string, number> | string {
  try {
    return mapAt(bytes)
  } catch (error) {
    if (error instanceof RangeError) return OUTSIDE
    throw error
  }
}

/** DataView throws RangeError for what is outside. */
function mapAt(bytes: Uint8Array): ReadonlyMap<string, number> | string {
  if (bytes.length > MOST_BYTES) return `its options have ${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // The last byte is the width of the root, the one before its type, and the root is before both.
  const [rootType, rootWidth] = [view.getUint8(bytes.length - 2), view.getUint8(bytes.length - 1)]
  if (rootType >> 2 !== MAP) return 'its options are not a map'
  const root = bytes.length - 2 - rootWidth
  const width = 1 << (rootType & 3)
  const values = root - unsigned(view, root, rootWidth)
  const count = unsigned(view, values - width, width)
  const keysWidth = unsigned(view, values - 2 * width, width)
  const keys = values - 3 * width - unsigned(view, values - 3 * width, width)
  const found = new Map<string, number>()
  for (let k = 0; k < count; k++) {
    const entry = keys + k * keysWidth
    const number = numberAt(view, values + k * width, width, view.getUint8(values + count * width + k))
    if (number !== undefined) found.set(keyAt(view, entry - unsigned(view, entry, keysWidth)), number)
  }
  return found
}

function numberAt(view: DataView, at: number, width: number, type: number): number | undefined {
  const kind = KINDS[type >> 2]
  if (kind !== undefined) return scalar(view, at, width, kind)
  const indirect = INDIRECT[type >> 2]
  return indirect === undefined ? undefined : scalar(view, at - unsigned(view, at, width), 1 << (type & 3), indirect)
}

function scalar(view: DataView, at: number, width: number, kind: 'int' | 'uint' | 'float'): number {
  if (kind === 'uint') return unsigned(view, at, width)
  if (kind === 'int') return Number(BigInt.asIntN(8 * width, BigInt(unsignedBig(view, at, width))))
  if (width === 2) return float16Value(view.getUint16(at, true))
  return width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)
}

const unsigned = (view: DataView, at: number, width: number): number => Number(unsignedBig(view, at, width))

function unsignedBig(view: DataView, at: number, width: number): number | bigint {
  switch (width) {
    case 1:
      return view.getUint8(at)
    case 2:
      return view.getUint16(at, true)
    case 4:
      return view.getUint32(at, true)
    case 8:
      return view.getBigUint64(at, true)
    default:
      throw new RangeError(OUTSIDE)
  }
}

/** Up to its NUL. */
function keyAt(view: DataView, at: number): string {
  let end = at
  while (view.getUint8(end) !== 0) end++
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, end - at))
}
