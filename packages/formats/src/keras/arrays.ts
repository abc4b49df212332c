// An array of an HDF5 file as a constant: in float32 whatever floating-point type it has, since layers compute in it.

import type { ConstantArray, ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { float16Value } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Datatype } from './hdf5/datatype.ts'
import type { Hdf5Dataset } from './hdf5/hdf5-file.ts'

/** Throws InputError, which begins with `where`, where its type is not one of a weight. */
export function constantOf(dataset: Hdf5Dataset, where: string): ConstantData {
  const { type, shape } = dataset
  const bytes = dataset.bytes()
  const count = elementCount(shape)
  if ((type.kind === 'float' || type.kind === 'integer') && !WIDTHS[type.kind].includes(type.sizeBytes))
    throw new InputError(
      `${where} holds an array of ${type.kind}s of ${8 * type.sizeBytes} bits, which are not read; save it again`,
    )
  if (type.kind === 'float') return { dtype: 'float32', shape, data: floats(bytes, count, type) }
  if (type.kind === 'opaque' && type.sizeBytes === 2 && dataset.attributes.get('dtype')?.[0] === 'bfloat16')
    return { dtype: 'float32', shape, data: brainFloats(bytes, count) }
  if (type.kind === 'integer' && !type.bigEndian) return integers(bytes, shape, type)
  throw new InputError(`${where} holds an array that is not numbers; save it again`)
}

/** Bytes of an element that NumPy and Keras have. */
const WIDTHS: Readonly<Record<'float' | 'integer', readonly number[]>> = { float: [2, 4, 8], integer: [1, 2, 4, 8] }

function floats(bytes: Uint8Array<ArrayBuffer>, count: number, type: Datatype & { kind: 'float' }): Float32Array<ArrayBuffer> {
  const { sizeBytes, bigEndian, exponentBits } = type
  if (sizeBytes === 4 && !bigEndian) {
    const there = aligned(bytes, 4)
    return new Float32Array(there.buffer, there.byteOffset, count)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (sizeBytes === 8) return Float32Array.from({ length: count }, (_, k) => view.getFloat64(8 * k, !bigEndian))
  if (sizeBytes === 4) return Float32Array.from({ length: count }, (_, k) => view.getFloat32(4 * k, !bigEndian))
  if (exponentBits === 8) return brainFloats(bytes, count)
  return Float32Array.from({ length: count }, (_, k) => float16Value(view.getUint16(2 * k, !bigEndian)))
}

function brainFloats(bytes: Uint8Array<ArrayBuffer>, count: number): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(count)
  for (let k = 0; k < count; k++) bits[k] = (bytes[2 * k]! << 16) | (bytes[2 * k + 1]! << 24)
  return new Float32Array(bits.buffer)
}

const INTEGERS = {
  1: [Uint8Array, 'uint8', Int8Array, 'int8'],
  2: [Uint16Array, 'uint16', Int16Array, 'int16'],
  4: [Uint32Array, 'uint32', Int32Array, 'int32'],
  8: [BigUint64Array, 'uint64', BigInt64Array, 'int64'],
} as const

function integers(
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  { sizeBytes, signed }: Datatype & { kind: 'integer' },
): ConstantData {
  const [Unsigned, unsigned, Signed, own] = INTEGERS[sizeBytes as 1 | 2 | 4 | 8]
  const there = aligned(bytes, sizeBytes)
  const Kind = (signed ? Signed : Unsigned) as Int32ArrayConstructor
  const data: unknown = new Kind(there.buffer, there.byteOffset, elementCount(shape))
  return { dtype: signed ? own : unsigned, shape, data: data as ConstantArray }
}

/** The same bytes where a typed array can lie: a copy if they are not aligned. */
function aligned(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice()
}
