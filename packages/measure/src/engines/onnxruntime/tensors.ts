// Tensors as onnxruntime's JavaScript packages take and give them: https://onnxruntime.ai/docs/api/js/interfaces/Tensor-1.html
// The package for Node and the one for the web share the interface (onnxruntime-common).
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds, Results, TensorValue } from '../types.ts'

/** What is used of a package's tensor. */
export interface OrtTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}

export type TensorType = new (type: string, data: unknown, dims: readonly number[]) => OrtTensor

/**
 * `Tensor`: the package's class. Where the runtime has a Float16Array (Node 24), the class makes one of a float16's bits, and the native
 * binding of 1.30 reads that as empty ("not enough space: expected 8, got 0"): so the bits stay what they are.
 */
export function toOrt(Tensor: TensorType, { dtype, data, shape }: TensorValue): OrtTensor {
  if (dtype !== 'float16' || !(data instanceof Uint16Array)) return new Tensor(dtype, data, shape)
  return Object.assign(new Tensor('uint16', data, shape), { type: 'float16' })
}

export const bindFeeds = (Tensor: TensorType, feeds: Feeds): Record<string, OrtTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(Tensor, value)]))

/** If the runtime has a Float16Array, the packages return float16 in one; here it is the bits. */
export function fromOrt({ type, dims, data }: OrtTensor): TensorValue {
  const view = data as Uint16Array
  const bits =
    type === 'float16' && !(data instanceof Uint16Array) ? new Uint16Array(view.buffer, view.byteOffset, view.length) : data
  return { dtype: type as DType, shape: [...dims], data: bits as TensorValue['data'] }
}

export const resultsOf = (fetched: Readonly<Record<string, OrtTensor>>): Results =>
  Object.fromEntries(Object.entries(fetched).map(([name, tensor]) => [name, fromOrt(tensor)]))

/** One that a prediction may write such an output into; null: strings and types narrower than a byte are made again by the engine each time. */
export function tensorLike(Tensor: TensorType, tensor: OrtTensor): OrtTensor | null {
  const { dtype, shape, data } = fromOrt(tensor)
  if (!ArrayBuffer.isView(data) || dtype === 'int4' || dtype === 'uint4') return null
  return toOrt(Tensor, { dtype, shape, data: (data as Float32Array).slice() })
}
