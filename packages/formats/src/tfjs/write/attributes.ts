// Attributes of nodes, as protobuf writes them in JSON: 64-bit integers are texts, texts are base64.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/attr_value.proto
import type { Dimension, DType } from '@whyslow/graph/types.ts'

interface ShapeJson {
  readonly dim?: readonly { readonly size: string }[]
}

export type AttributeJson =
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly type: string }
  | { readonly shape: ShapeJson }
  | { readonly func: { readonly name: string } }
  | { readonly list: { readonly i?: readonly string[]; readonly s?: readonly string[]; readonly type?: readonly string[] } }

export type Attributes = Readonly<Record<string, AttributeJson>>

const base64 = (value: string): string => Buffer.from(value, 'utf8').toString('base64')

export const int = (value: number): AttributeJson => ({ i: String(value) })
export const float = (value: number): AttributeJson => ({ f: value })
export const flag = (value: boolean): AttributeJson => ({ b: value })
export const stringAttribute = (value: string): AttributeJson => ({ s: base64(value) })
export const typeAttribute = (dtype: DType): AttributeJson => ({ type: typeName(dtype) ?? 'DT_INVALID' })
export const typeList = (types: readonly string[]): AttributeJson => ({ list: { type: types } })
export const func = (name: string): AttributeJson => ({ func: { name } })
export const shapeAttribute = (sizes: readonly Dimension[]): AttributeJson => ({ shape: shapeJson(sizes) })
export const ints = (values: readonly number[]): AttributeJson => ({ list: { i: values.map(String) } })
export const texts = (values: readonly string[]): AttributeJson => ({ list: { s: values.map(base64) } })

/** -1 for a size that is free; a scalar has no list of sizes. */
export const shapeJson = (sizes: readonly Dimension[]): ShapeJson =>
  sizes.length === 0 ? {} : { dim: sizes.map((size) => ({ size: String(typeof size === 'number' ? size : -1) })) }

/** What a list of tensors is among the types. */
export const VARIANT = 'DT_VARIANT'

/** What TensorFlow calls the types that TensorFlow.js computes with; it holds all whole numbers in 32 bits. */
const TYPES: Readonly<Partial<Record<DType, string>>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  int64: 'DT_INT32',
  bool: 'DT_BOOL',
}

/** Those of inputs, whose elements are fewer bits for whom the model was made. */
const SMALL: Readonly<Partial<Record<DType, string>>> = {
  int8: 'DT_INT32',
  int16: 'DT_INT32',
  uint8: 'DT_INT32',
  uint16: 'DT_INT32',
}

/** undefined: TensorFlow.js does not have it. */
export const typeName = (dtype: DType): string | undefined => TYPES[dtype]

export const inputTypeName = (dtype: DType): string | undefined => TYPES[dtype] ?? SMALL[dtype]
