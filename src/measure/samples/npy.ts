// NumPy's array file, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import type { TensorValue } from '../../engines/types.ts'
import { InputError } from '../../graph/input-error.ts'
import type { DType } from '../../graph/types.ts'
import { elementCount, viewAs } from './dtype-arrays.ts'

const DTYPES: Readonly<Record<string, DType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
  c8: 'complex64',
  c16: 'complex128',
}

/** Reads one array; `where` names it in errors. Throws an InputError where the bytes are no array of numbers or strings. */
export function readNpy(bytes: Uint8Array, where: string): TensorValue {
  const bad = (reason: string) => new InputError(`${where}: ${reason}; save it again with numpy.save`)
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY') throw bad('not a NumPy array file')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = bytes[6] === 1 ? 10 : 12
  const dataAt = start + (bytes[6] === 1 ? view.getUint16(8, true) : bytes.length < 12 ? 0 : view.getUint32(8, true))
  if (dataAt > bytes.length) throw bad('the file ends inside its header')
  const header = new TextDecoder().decode(bytes.subarray(start, dataAt))
  const descr = header.match(/'descr':\s*'([<>|=])(\w)(\d*)'/)
  const shapeText = header.match(/'shape':\s*\(([^)]*)\)/)?.[1]
  if (descr === null || shapeText === undefined) throw bad(`arrays of this kind are not read (${header.slice(0, 60).trim()})`)
  const [, order, kind, width] = descr as unknown as [string, string, string, string]
  if (kind === 'O') throw bad('it holds pickled Python objects, which are never executed')
  const shape = shapeText
    .split(',')
    .map((size) => size.trim())
    .filter(Boolean)
    .map(Number)
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw bad(`(${shapeText}) is no shape`)
  const columnMajor = /'fortran_order':\s*True/.test(header)
  const count = elementCount(shape)
  const dtype = kind === 'U' || kind === 'S' ? 'string' : DTYPES[kind + width]
  if (dtype === undefined) throw bad(`elements of type ${order}${kind}${width} are not read`)
  const elementBytes = dtype === 'string' ? Number(width) * (kind === 'U' ? 4 : 1) : Number(width)
  if (bytes.length - dataAt < count * elementBytes) {
    throw bad(`the file ends after ${bytes.length - dataAt} of ${count * elementBytes} bytes`)
  }
  const body = bytes.subarray(dataAt, dataAt + count * elementBytes)
  if (dtype === 'string') {
    const strings = Array.from({ length: count }, (_, index) =>
      decodeString(body.subarray(index * elementBytes, (index + 1) * elementBytes), kind === 'U', order === '>'),
    )
    return { dtype, shape, data: columnMajor ? rowMajor(shape, (at) => strings[at]!, Array<string>(count)) : strings }
  }
  const data = viewAs(dtype, order === '>' ? swapped(body, kind === 'c' ? elementBytes / 2 : elementBytes) : body, count)
  if (!columnMajor || shape.length < 2) return { dtype, shape, data }
  if (kind === 'c') throw bad('complex arrays in Fortran order are not read')
  return { dtype, shape, data: rowMajor<number | bigint, typeof data>(shape, (at) => data[at]!, data.slice()) }
}

/** Fills `target` in C order from elements that lie in Fortran order. */
function rowMajor<T, A extends { [index: number]: T }>(shape: readonly number[], elementAt: (index: number) => T, target: A): A {
  const count = elementCount(shape)
  for (let index = 0; index < count; index++) {
    let rest = index
    let from = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis]!
      from += (rest % size) * elementCount(shape.slice(0, axis))
      rest = Math.floor(rest / size)
    }
    target[index] = elementAt(from)
  }
  return target
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let at = 0; at < copy.length; at += width) copy.subarray(at, at + width).reverse()
  return copy
}

/** UTF-32 (numpy's U) or bytes (S), padded with zeros at the end. */
function decodeString(bytes: Uint8Array, isUtf32: boolean, bigEndian: boolean): string {
  if (!isUtf32) return new TextDecoder().decode(bytes).replace(/\0+$/, '')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const codes = Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, !bigEndian))
  const end = codes.findLastIndex((code) => code !== 0) + 1
  return String.fromCodePoint(...codes.slice(0, end).map((code) => Math.min(code, 0x10ffff)))
}
