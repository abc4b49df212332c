// What is known of small tensors while a graph is written: TensorFlow computes shapes with the same operators as everything else, and
// a size that is free must not hide those that are told. Numbers that are known to the last become constants.

import { type ConstantArray, type ConstantData, numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'

/** A tensor of a few elements; an element that is not a number is a free size of some input, by its symbol, or not known (null). */
export interface KnownTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly elements: readonly Dimension[]
}

/** Shapes, pads and axes have fewer elements. */
const MOST_ELEMENTS = 256

export class Contents {
  readonly #noted = new WeakMap<Value, KnownTensor>()

  of(value: Value): KnownTensor | undefined {
    const noted = this.#noted.get(value)
    if (noted !== undefined) return noted
    const { constant } = value
    if (constant === undefined || constant.data.length > MOST_ELEMENTS || !(constant.dtype in ARRAYS)) return undefined
    return { dtype: constant.dtype, shape: constant.shape, elements: numbersOf(constant) }
  }

  note(value: Value, known: KnownTensor): void {
    this.#noted.set(value, known)
  }
}

export const isKnown = (elements: readonly Dimension[]): elements is readonly number[] =>
  elements.every((element) => typeof element === 'number')

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const

/** Undefined if an element is not known, or its type has no numbers here. */
export function constantOf({ dtype, shape, elements }: KnownTensor): ConstantData | undefined {
  if (!isKnown(elements) || !(dtype in ARRAYS)) return undefined
  return { dtype, shape, data: arrayOf(dtype as keyof typeof ARRAYS, elements) }
}

function arrayOf(dtype: keyof typeof ARRAYS, elements: readonly number[]): ConstantArray {
  if (dtype === 'int64') return BigInt64Array.from(elements, (element) => BigInt(Math.trunc(element)))
  return ARRAYS[dtype].from(elements)
}
