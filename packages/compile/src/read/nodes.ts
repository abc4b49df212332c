// Attributes and constants of nodes as plain numbers.

import { attributeOf } from '@whyslow/graph/attributes.ts'
import { type Constant, constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { NodeProto } from 'onnx-buf'
import { NotCompilable } from './source.ts'

export const isMl = ({ domain }: NodeProto): boolean => domain === 'ai.onnx.ml'

export function textOf(node: NodeProto, name: string, otherwise: string): string {
  const value = attributeOf(node, name)
  return typeof value === 'string' ? value : otherwise
}

/** Empty if it is not given. */
export function numbersOf(node: NodeProto, name: string): readonly number[] {
  const value = attributeOf(node, name)
  return Array.isArray(value) && typeof value[0] !== 'string' ? (value as number[]) : []
}

export function textsOf(node: NodeProto, name: string): readonly string[] {
  const value = attributeOf(node, name)
  return Array.isArray(value) && typeof value[0] === 'string' ? (value as string[]) : []
}

export interface Numbers {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Constants by name, of float32, float64, int32 and int64, widened. Read on demand. */
export type Constants = (name: string | undefined) => Numbers | undefined

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, int64: BigInt64Array } as const

export interface ConstantsOf {
  readonly numbers: Constants
  /** How many elements it has; undefined if there is no constant of that name. */
  count(name: string): number | undefined
}

export function constantsFor(model: Model): ConstantsOf {
  const byName = new Map<string, Constant>()
  for (const one of constantsOf(model)) if (one.holder === model.proto.graph) byName.set(one.name, one)
  const numbers: Constants = (name) => {
    const found = name === undefined ? undefined : byName.get(name)
    if (found === undefined) return undefined
    const { dtype } = found
    if (dtype !== 'float32' && dtype !== 'float64' && dtype !== 'int32' && dtype !== 'int64')
      throw new NotCompilable(`its constants are not all numbers of 32 or 64 bits: ${dtype}`)
    const values = new ARRAYS[dtype](new Uint8Array(readBytes(model, found)).buffer)
    return { shape: found.shape, values: Float64Array.from(values as Iterable<number | bigint>, Number) }
  }
  return { numbers, count: (name) => byName.get(name)?.shape.reduce((product, size) => product * size, 1) }
}

/** `count` numbers: of a constant that holds as many, or one for all. */
export function broadcastNumbers({ values }: Numbers, count: number): Float64Array | undefined {
  if (values.length === count) return values
  return values.length === 1 ? new Float64Array(count).fill(values[0]!) : undefined
}
