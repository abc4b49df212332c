// The float twin of an operator with constant weights of 8 bits or fewer: the operator in float, with its weights dequantized.

import { rawTensor } from '@whyslow/graph/build.ts'
import type { Constant } from '@whyslow/graph/constants.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { MOST_BYTES } from './constants-in-float.ts'
import { integersOf, type QuantizedGraph, type Repair } from './quantized-graph.ts'

export interface FloatTwin {
  readonly product: NodeView
  /** What goes: the operator, with what scales its sums. */
  readonly nodes: readonly NodeView[]
  readonly weights: readonly FloatWeights[]
  /** What comes; `weights`: the names under which they are stored as floats. */
  readonly write: (weights: readonly string[]) => readonly NodeProto[]
}

export interface FloatWeights {
  /** Equal where the weights are the same. */
  readonly key: string
  /** As they are stored now. */
  readonly name: string
  readonly shape: readonly number[]
  readonly real: () => Float32Array<ArrayBuffer>
}

/** Weights of 8 bits as a file holds them. */
export interface StoredWeights {
  readonly constant: Constant
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
}

/** Those named in this order: integers, scale, zero point. Undefined if they are no such constants. */
export function storedWeights(
  { matching }: QuantizedGraph,
  [name, scale, zeroPoint]: readonly (string | undefined)[],
): StoredWeights | undefined {
  const constant = matching.constant(name)
  const scales = matching.numbers(scale)
  const zeroPoints = zeroPoint ? matching.numbers(zeroPoint) : [0]
  if (constant === undefined || scales === undefined || zeroPoints === undefined) return undefined
  return constant.dtype === 'int8' || constant.dtype === 'uint8' ? { constant, scales, zeroPoints } : undefined
}

/** (w - zero point) * scale, in the order of storage; `channelOf`: which scale and zero point belong to the number at a place. */
export function dequantizeModel(
  { model }: QuantizedGraph,
  { constant, scales, zeroPoints }: StoredWeights,
  channelOf: (place: number) => number,
): Float32Array<ArrayBuffer> {
  const stored = integersOf(model, constant)!
  const real = new Float32Array(constant.elementCount)
  const of = (numbers: readonly number[], channel: number) => numbers[numbers.length === 1 ? 0 : channel]!
  for (let k = 0; k < real.length; k++) {
    const channel = channelOf(k)
    real[k] = (stored[k]! - of(zeroPoints, channel)) * of(scales, channel)
  }
  return real
}

interface WrittenTwin extends Pick<Repair, 'edit'> {
  readonly product: NodeView
}

/** Each written; those that share their weights share them still. Some of what is too large for one file stays unchanged. */
export function writeTwins(quantized: QuantizedGraph, twins: readonly FloatTwin[]): readonly WrittenTwin[] {
  const names = new Map<string, string>()
  let bytes = 0
  return twins.flatMap(({ product, nodes, weights, write }): WrittenTwin[] => {
    const added = weights.filter(({ key }) => !names.has(key))
    const more = added.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0)
    if (bytes + more > MOST_BYTES) return []
    bytes += more
    const addInitializers = added.map(({ key, name, shape, real }): TensorProto => {
      const float = quantized.fresh(`${name}_float`)
      names.set(key, float)
      return rawTensor(float, 'float32', shape, new Uint8Array(real().buffer))
    })
    const add = write(weights.map(({ key }) => names.get(key)!))
    return [{ product, edit: { remove: new Set(nodes.map(quantized.protoOf)), add, addInitializers } }]
  })
}
