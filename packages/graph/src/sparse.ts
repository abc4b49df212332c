// Sparse tensors (COO): values and their indices, either one linear index each or one index per dimension.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (SparseTensorProto)
import type { SparseTensorProto, TensorProto } from 'onnx-buf'
import { bitsPerElement, elementCount, sizeInBytes } from './dtype.ts'
import { InputError } from './input-error.ts'
import { tensorType } from './tensor-data.ts'
import type { TensorType } from './types.ts'

/** A sparse tensor is written out dense up to this size; a larger one would take the memory that sparseness was to save. */
const DENSE_LIMIT_BYTES = 2 ** 30

/** Element type and dense shape. Throws InputError if values are missing or a dimension is negative. */
export function sparseType(sparse: SparseTensorProto, name: string): TensorType {
  const shape = sparse.dims.map(Number)
  if (sparse.values === undefined || sparse.indices === undefined || shape.some((dimension) => dimension < 0)) {
    throw new InputError(`Sparse tensor '${name}' has no values, no indices or no valid shape; export the model again`)
  }
  return { dtype: tensorType(sparse.values, name).dtype, shape }
}

/**
 * The dense bytes. `read` gives the bytes of the values and of the indices.
 * Throws InputError if indices do not fit the shape, for elements below 8 bits, and above 1 GB.
 */
export function denseBytes(sparse: SparseTensorProto, name: string, read: (tensor: TensorProto) => Uint8Array): Uint8Array {
  const type = sparseType(sparse, name)
  const size = sizeInBytes(type)
  const bits = bitsPerElement(type.dtype)
  if (size === undefined || bits === undefined || bits < 8 || size > DENSE_LIMIT_BYTES) {
    throw new InputError(`Sparse tensor '${name}' (${type.dtype}) cannot be written out dense; export it as a dense tensor`)
  }
  const width = bits / 8
  const values = read(sparse.values!)
  const indices = linearIndices(sparse.indices!, read(sparse.indices!), type.shape)
  const dense = new Uint8Array(size)
  const count = elementCount(type.shape)
  if (indices.length * width !== values.byteLength || indices.some((index) => !(index >= 0 && index < count))) {
    throw new InputError(`Sparse tensor '${name}' has indices that do not fit its values or shape; export the model again`)
  }
  indices.forEach((index, i) => {
    dense.set(values.subarray(i * width, (i + 1) * width), index * width)
  })
  return dense
}

function linearIndices(tensor: TensorProto, bytes: Uint8Array, shape: readonly number[]): number[] {
  const numbers = Array.from(new BigInt64Array(bytes.slice().buffer, 0, Math.floor(bytes.byteLength / 8)), Number)
  if (tensor.dims.length < 2) return numbers
  const rank = shape.length
  return Array.from({ length: numbers.length / Math.max(1, rank) }, (_, i) => {
    return shape.reduce((linear, size, axis) => linear * size + numbers[i * rank + axis]!, 0)
  })
}
