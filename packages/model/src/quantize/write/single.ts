// A model of float64 in float32: vectors hold twice as many numbers, and weights take half of the bytes.

import { type Constant, readBytes } from '@whyslow/graph/constants.ts'
import { LARGEST_FLOAT32 } from '@whyslow/graph/encode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Matching } from '@whyslow/graph/rewrite/match.ts'
import { subgraphsOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import type { ValueTypes } from './choice.ts'
import { inNarrower, type NarrowOptions, type NarrowResult } from './narrow.ts'

/** Operators whose type is in an attribute. Those of other domains have types of their own. */
const TYPED: ReadonlySet<string> = new Set([
  ...['ConstantOfShape', 'EyeLike', 'Range', 'Bernoulli', 'Multinomial'],
  ...['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
])

const isBlocked = (node: NodeProto): boolean =>
  subgraphsOf(node).length > 0 || (node.domain !== '' && node.domain !== 'ai.onnx') || TYPED.has(node.opType)

const TO_SINGLE: NarrowOptions = { from: 'float64', to: 'float32', already: [], isBlocked, wideInputs: {}, encode }

export const toSingle = (model: Model, types?: ValueTypes): NarrowResult | string => inNarrower(model, TO_SINGLE, types)

function encode({ model }: Matching, constant: Constant) {
  let clamped = 0
  // Masks are the lowest number that there is: infinity in their place would make NaN of a product with 0.
  const floats = Float32Array.from(new Float64Array(readBytes(model, constant).slice().buffer), (value) => {
    if (!Number.isFinite(value) || Math.abs(value) <= LARGEST_FLOAT32) return value
    clamped++
    return Math.sign(value) * LARGEST_FLOAT32
  })
  return { bytes: new Uint8Array(floats.buffer), clamped }
}
