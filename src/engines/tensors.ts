// Tensors as onnxruntime's JavaScript packages take and give them: https://onnxruntime.ai/docs/api/js/interfaces/Tensor-1.html
// The package for Node and the one for the web share the interface (onnxruntime-common).
import type { DType } from '../graph/types.ts'
import type { Feeds, Results, TensorValue } from './types.ts'

/** What is used of a package's tensor. */
export interface OrtTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}

export type TensorType = new (type: string, data: unknown, dims: readonly number[]) => OrtTensor

/** `Tensor`: the package's class. */
export const toOrt = (Tensor: TensorType, { dtype, data, shape }: TensorValue): OrtTensor => new Tensor(dtype, data, shape)

export const bindFeeds = (Tensor: TensorType, feeds: Feeds): Record<string, OrtTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(Tensor, value)]))

/** Where the runtime has a Float16Array, the packages give float16 in one; here it is the bits. */
export function fromOrt({ type, dims, data }: OrtTensor): TensorValue {
  const view = data as Uint16Array
  const bits =
    type === 'float16' && !(data instanceof Uint16Array) ? new Uint16Array(view.buffer, view.byteOffset, view.length) : data
  return { dtype: type as DType, shape: [...dims], data: bits as TensorValue['data'] }
}

export const resultsOf = (fetched: Readonly<Record<string, OrtTensor>>): Results =>
  Object.fromEntries(Object.entries(fetched).map(([name, tensor]) => [name, fromOrt(tensor)]))
