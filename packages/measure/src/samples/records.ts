// What a data file holds, before it is matched with the model's inputs.
import type { TensorValue } from '../engines/types.ts'
import { byteLength, elementCount, type NumericArray } from './dtype-arrays.ts'

/** Arrays by the names they bear in the file. */
export type NamedTensors = ReadonlyMap<string, TensorValue>

/** One file's arrays. */
export interface DataRecord {
  readonly tensors: NamedTensors
  /** True where the leading axis counts samples, false if the arrays are one sample. */
  readonly stacked: boolean
  /** For messages: the file, or the place in it. */
  readonly where: string
}

/** Rows `from` to `to` of the leading axis, without a copy of numbers. */
export function rowsOf(tensor: TensorValue, from: number, to: number): TensorValue {
  const rowElements = elementCount(tensor.shape.slice(1))
  const shape = [to - from, ...tensor.shape.slice(1)]
  if (tensor.dtype === 'string')
    return { ...tensor, shape, data: (tensor.data as readonly string[]).slice(from * rowElements, to * rowElements) }
  const data = tensor.data as NumericArray
  const each = byteLength(tensor.dtype, rowElements)! / data.BYTES_PER_ELEMENT
  return { ...tensor, shape, data: data.subarray(from * each, to * each) }
}

/** The same elements in another shape of as many. */
export const reshapeTo = (tensor: TensorValue, shape: readonly number[]): TensorValue => ({ ...tensor, shape })
