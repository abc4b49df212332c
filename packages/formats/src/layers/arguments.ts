// What stands among the arguments of a call: tensors, plain values, and constants as files write them.

import { constantOf } from '@whyslow/graph/builder/broadcast.ts'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Argument } from './layer.ts'

type ArgumentRecord = { readonly [key: string]: Argument }

export const isTensor = (value: Argument | undefined): value is Value =>
  typeof value === 'object' &&
  value !== null &&
  'dtype' in value &&
  'shape' in value &&
  Array.isArray(value.shape) &&
  'name' in value

/** All tensors in it, in order. */
export function tensorsIn(value: Argument | undefined): Value[] {
  if (isTensor(value)) return [value]
  return Array.isArray(value) ? (value as readonly Argument[]).flatMap(tensorsIn) : []
}

export const isList = (value: Argument | undefined): value is readonly Argument[] => Array.isArray(value)

export const isArgumentRecord = (value: Argument | undefined): value is ArgumentRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isTensor(value)

/** Whole numbers: one, or a list; undefined for anything else. */
export function wholesIn(value: Argument | undefined): readonly number[] | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return [value]
  if (!isList(value) || !value.every((item) => typeof item === 'number' && Number.isInteger(item))) return undefined
  return value as readonly number[]
}

/**
 * Numbers, flags, nested lists of them, and Keras 3's __numpy__ and __tensor__, as a constant. Whole numbers are int32 unless `wished`
 * says more; undefined if it is nothing of that.
 */
export function constantIn(value: Argument | undefined, wished?: DType): ConstantData | undefined {
  if (isArgumentRecord(value) && (value.class_name === '__numpy__' || value.class_name === '__tensor__')) {
    const config = isArgumentRecord(value.config) ? value.config : {}
    const dtype = dtypeIn(config.dtype)
    return dtype === undefined ? undefined : constantIn(config.value, dtype)
  }
  const shape = nestedShape(value)
  if (shape === undefined) return undefined
  const flat = flattened(value)
  if (!flat.every((item) => typeof item === 'number' || typeof item === 'boolean')) return undefined
  const numbers = flat.map(Number)
  const own: DType = flat.some((item) => typeof item === 'number' && !Number.isInteger(item))
    ? 'float32'
    : flat.every((item) => typeof item === 'boolean')
      ? 'bool'
      : 'int32'
  return constantOf(wished ?? own, shape, numbers)
}

function nestedShape(value: Argument | undefined): number[] | undefined {
  if (!isList(value)) return isTensor(value) || value === undefined ? undefined : []
  const [first] = value
  const inner = first === undefined ? [] : nestedShape(first)
  const even = inner !== undefined && value.every((item) => nestedShape(item)?.join() === inner.join())
  return even ? [value.length, ...inner] : undefined
}

const flattened = (value: Argument | undefined): Argument[] =>
  isList(value) ? value.flatMap(flattened) : value === undefined ? [] : [value]

/** Numbers and bool, by the names that Keras has for them. */
export const NUMBER_TYPES: ReadonlySet<string> = new Set([
  'float16',
  'float32',
  'float64',
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
])

/** 'float32', 'tf.int32', 'half'; layers compute in float32 whatever float is asked. Undefined if it is none. */
export function dtypeIn(value: Argument | undefined): DType | undefined {
  if (typeof value !== 'string') return undefined
  const name = value.replace(/^(tf|torch|jnp|np)\./, '')
  if (['half', 'float', 'double', 'float16', 'float64', 'bfloat16'].includes(name)) return 'float32'
  return NUMBER_TYPES.has(name) ? (name as DType) : undefined
}
