// Categories, as numbers or as texts: columns that become 0 and 1, and codes that become other codes.
// https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md#ai.onnx.ml.LabelEncoder

import { numberOf } from '@whyslow/graph/attributes.ts'
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import type { NodeProto } from 'onnx-buf'
import { numbersOf, textsOf } from './nodes.ts'
import { NotCompilable } from './source.ts'
import { type RowValue, withHolds, withPreparation } from './values.ts'

/** The place of a text in the model's list of them. */
export type PlaceOf = (text: string) => number

/** All texts that a model's encoders know, each once. */
export const textsIn = (nodes: readonly NodeProto[]): string[] => [
  ...new Set(nodes.flatMap((node) => [...textsOf(node, 'cats_strings'), ...textsOf(node, 'keys_strings')])),
]

export function oneHot(node: NodeProto, value: RowValue, placeOf: PlaceOf): RowValue {
  const isText = value.holds === 'text'
  const known = isText ? textsOf(node, 'cats_strings').map(placeOf) : numbersOf(node, 'cats_int64s')
  if (known.length === 0 || numberOf(node, 'zeros', 1) === 0 || value.width !== 1)
    throw new NotCompilable('its one-hot columns are not those of one number')
  // onnxruntime takes a float32 for the whole number that it holds (onehotencoder.cc).
  const step: Preparation = { kind: 'one-hot', categories: [Float64Array.from(known)], ...(isText ? {} : { whole: true }) }
  return { ...withPreparation(withHolds(value), step), apart: true }
}

/** What keys are called in the node, by what the row holds. */
const KEYS = { text: 'keys_strings', whole: 'keys_int64s', number: 'keys_floats' } as const

/** Each column becomes what the node says of it. */
export function labelEncoded(node: NodeProto, value: RowValue, placeOf: PlaceOf): RowValue {
  const { holds = 'number' } = value
  if (holds === 'truncated' || holds === 'double')
    throw new NotCompilable('its LabelEncoder is given numbers that are not its keys’')
  const keys = holds === 'text' ? textsOf(node, KEYS.text).map(placeOf) : numbersOf(node, KEYS[holds])
  const [floats, whole] = [numbersOf(node, 'values_floats'), numbersOf(node, 'values_int64s')]
  const values = whole.length > 0 ? whole : floats.map(Math.fround)
  if (keys.length === 0 || values.length !== keys.length)
    throw new NotCompilable('its LabelEncoder makes other things than numbers')
  // Which of two counts, and what is equal to a missing key, differs by the operator's version.
  if (new Set(keys).size !== keys.length || keys.some(Number.isNaN))
    throw new NotCompilable('its LabelEncoder has a key twice, or a missing one')
  const otherwise = whole.length > 0 ? numberOf(node, 'default_int64', -1) : Math.fround(numberOf(node, 'default_float', -0))
  const column = { keys: Float64Array.from(keys, holds === 'number' ? Math.fround : Number), values: Float64Array.from(values) }
  const step = { kind: 'map', columns: Array.from({ length: value.width }, () => ({ ...column, otherwise })) } as const
  return withHolds(withPreparation(value, step), whole.length > 0 ? 'whole' : undefined)
}
