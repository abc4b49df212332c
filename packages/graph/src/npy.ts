// NumPy's file of one array, versions 1 to 3: what its header says, checked against the bytes behind it, and its texts. Models (.skops) and
// samples (.npy, .npz) have it. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { elementCount } from './dtype.ts'
import type { InputError } from './input-error.ts'

export interface NpyFile {
  readonly shape: readonly number[]
  readonly count: number
  /** The first axis varies fastest; false for arrays of fewer than two axes. */
  readonly columnMajor: boolean
  /** The Python dictionary that describes the array. */
  readonly header: string
  /** Undefined for records. */
  readonly element: NpyElement | undefined
  /** All that follows the header. */
  readonly body: Uint8Array
  /** Makes the error that names the file. */
  readonly refuse: (what: string) => InputError
}

export interface NpyElement {
  /** '<', '>', '|' or '='. */
  readonly order: string
  /** 'f', 'i', 'u', 'b', 'c', 'U', 'S' … */
  readonly kind: string
  /** Characters of 'U', else bytes. */
  readonly width: number
}

/** NumPy reads no longer header of a file that it does not trust. */
const LONGEST_HEADER = 10_000
/** NumPy's own limit. */
const MOST_AXES = 64
/** Elements that take no bytes are not bounded by the file. */
const MOST_EMPTY = 2 ** 16

/** Throws what `refuse` makes if the bytes are not an array. */
export function openNpy(bytes: Uint8Array, refuse: NpyFile['refuse']): NpyFile {
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== '\x93NUMPY') throw refuse('not a NumPy array file')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [start, headerBytes] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (start + headerBytes > bytes.length) throw refuse('the file ends inside its header')
  if (headerBytes > LONGEST_HEADER) throw refuse(`its header has ${headerBytes} bytes, more than ${LONGEST_HEADER}`)
  const header = new TextDecoder().decode(bytes.subarray(start, start + headerBytes))
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]
  if (shapeText === undefined) throw refuse(`arrays of this kind are not read (${firstWords(header)})`)
  const shape = shapeText.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]))
  const count = elementCount(shape)
  if (shape.length > MOST_AXES || ![...shape, count].every((size) => Number.isSafeInteger(size) && size >= 0))
    throw refuse(`(${shapeText.slice(0, 60)}) is not a shape`)
  const [, order, kind, width] = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d*)'/.exec(header) ?? []
  return {
    shape,
    count,
    columnMajor: shape.length > 1 && /'fortran_order':\s*True/.test(header),
    header,
    element: kind === undefined ? undefined : { order: order!, kind, width: Number(width) },
    body: bytes.subarray(start + headerBytes),
    refuse,
  }
}

/** The beginning of a header, for messages. */
export const firstWords = (header: string): string => header.slice(0, 60).replace(/\s+/g, ' ').trim()

/** The bytes of all elements of `elementBytes` each. Throws if the file is shorter than its shape says. */
export function elementBytesOf({ count, body, refuse }: NpyFile, elementBytes: number): Uint8Array {
  if (elementBytes === 0 && count > MOST_EMPTY) throw refuse(`it claims ${count} elements of no bytes`)
  if (!(count * elementBytes <= body.length)) throw refuse(`the file ends after ${body.length} of ${count * elementBytes} bytes`)
  return body.subarray(0, count * elementBytes)
}

/** What DataView calls numbers of each of NumPy's codes, which ends with their bytes. */
const NUMBERS = {
  ...({ f8: 'Float64', f4: 'Float32', i8: 'BigInt64', i4: 'Int32', i2: 'Int16', i1: 'Int8' } as const),
  ...({ u8: 'BigUint64', u4: 'Uint32', u2: 'Uint16', u1: 'Uint8', b1: 'Uint8' } as const),
}

/** How a number of one type is read, little-endian. */
export interface NpyNumber {
  readonly width: number
  readonly read: (view: DataView, at: number) => number
}

/** How numbers of NumPy's code (kind and bytes, as in 'f8') are read; undefined: no number of one to eight bytes. */
export function npyNumber(code: string): NpyNumber | undefined {
  if (!Object.hasOwn(NUMBERS, code)) return undefined
  const get = `get${NUMBERS[code as keyof typeof NUMBERS]}` as const
  return { width: Number(code.slice(1)), read: (view, at) => Number(view[get](at, true)) }
}

/** The numbers that stand `offset` bytes behind the beginning of each element of `stride` bytes, in the file's order. Throws if the file is shorter. */
export function npyNumbers(
  npy: NpyFile,
  { read }: NpyNumber,
  { offset, stride }: { readonly offset: number; readonly stride: number },
): Float64Array {
  const bytes = elementBytesOf(npy, stride)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float64Array.from({ length: npy.count }, (_, k) => read(view, k * stride + offset))
}

/** Texts in row-major order: UTF-32 (U) or bytes (S), filled up with zeros. */
export function npyTexts(npy: NpyFile): string[] {
  const { kind, width, order } = npy.element!
  const elementBytes = kind === 'U' ? 4 * width : width
  const bytes = elementBytesOf(npy, elementBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const textAt = (from: number): string => {
    let end = from + elementBytes
    if (kind !== 'U') {
      while (end > from && bytes[end - 1] === 0) end--
      return decoder.decode(bytes.subarray(from, end))
    }
    while (end > from && view.getUint32(end - 4, true) === 0) end -= 4
    let text = ''
    for (let at = from; at < end; at += 4) {
      const code = view.getUint32(at, order !== '>')
      text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
    }
    return text
  }
  const texts = Array.from({ length: npy.count }, (_, k) => textAt(k * elementBytes))
  return npy.columnMajor ? rowMajor(texts, npy.shape, [...texts]) : texts
}

const decoder = new TextDecoder()

/** Writes the elements of `source`, whose first axis varies fastest, to `target` in row-major order. */
export function rowMajor<Elements extends { [index: number]: unknown }>(
  source: Elements,
  shape: readonly number[],
  target: Elements,
): Elements {
  const count = elementCount(shape)
  const steps = shape.map((_, axis) => elementCount(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  let from = 0
  for (let to = 0; to < count; to++) {
    target[to] = source[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= steps[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return target
}
