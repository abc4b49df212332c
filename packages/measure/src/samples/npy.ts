// NumPy's array file as a tensor.

import { InputError } from '@whyslow/graph/input-error.ts'
import { elementBytesOf, firstWords, npyTexts, openNpy, rowMajor } from '@whyslow/graph/npy.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '../engines/types.ts'
import { viewAs } from './dtype-arrays.ts'

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

/** Reads one array; `where` names it in errors. Throws an InputError if the bytes are not an array of numbers or strings. */
export function readNpy(bytes: Uint8Array, where: string): TensorValue {
  const npy = openNpy(bytes, (reason) => new InputError(`${where}: ${reason}; save it again with numpy.save`))
  const { shape, count, columnMajor, refuse, header } = npy
  if (npy.element === undefined) throw refuse(`arrays of this kind are not read (${firstWords(header)})`)
  const { order, kind, width } = npy.element
  if (kind === 'O') throw refuse('it holds pickled Python objects, which are never executed')
  if (kind === 'U' || kind === 'S') return { dtype: 'string', shape, data: npyTexts(npy) }
  const dtype = DTYPES[`${kind}${width}`]
  if (dtype === undefined) throw refuse(`elements of type ${order}${kind}${width} are not read`)
  const body = elementBytesOf(npy, width)
  const data = viewAs(dtype, order === '>' ? swapped(body, kind === 'c' ? width / 2 : width) : body, count)
  if (!columnMajor) return { dtype, shape, data }
  if (kind === 'c') throw refuse('complex arrays in Fortran order are not read')
  return { dtype, shape, data: rowMajor(data, shape, data.slice()) }
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let at = 0; at < copy.length; at += width) copy.subarray(at, at + width).reverse()
  return copy
}
