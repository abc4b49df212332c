// The cache of one sequence as tensors that JavaScript holds: empty ones, and ones cut back to fewer tokens.
import { elementCount } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS, type ElementArray } from '@whyslow/graph/element-arrays.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { CacheEntry } from '../../recognize/layout.ts'

/**
 * Zeros of a cache that holds `length` tokens: of none before the first; buffers and states of a fixed size are as large from the start. Throws
 * InputError if a size is not declared.
 */
export function zeroTensor({ past, dtype, shape, axes }: CacheEntry, length: number): TensorValue {
  const dims = shape.map((size, axis) => {
    if (axis === axes.batch) return 1
    if (typeof size === 'number') return size
    if (axis === axes.length) return length
    throw new InputError(
      `${past} does not declare how large it is (${size ?? 'nothing'}), nor does config.json; export the decoder with fixed heads`,
    )
  })
  return { dtype, shape: dims, data: new ELEMENT_ARRAYS[dtype]!(elementCount(dims)) }
}

/** The first `length` tokens, copied. */
export function cutTensor({ dtype, shape, data }: TensorValue, axis: number, length: number): TensorValue {
  const before = shape[axis]!
  if (before === length) return { dtype, shape, data }
  const rows = elementCount(shape.slice(0, axis))
  const size = elementCount(shape.slice(axis + 1))
  const from = data as ElementArray
  const to = new ELEMENT_ARRAYS[dtype]!(rows * length * size)
  for (let row = 0; row < rows; row++) {
    const part = from.subarray(row * before * size, (row * before + length) * size)
    to.set(part as never, row * length * size)
  }
  return { dtype, shape: shape.map((one, at) => (at === axis ? length : one)), data: to }
}
