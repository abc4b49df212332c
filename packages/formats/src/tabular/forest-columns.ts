// What a tree ensemble of ONNX can be asked is a column: features unchanged, and in addition those in which LightGBM's zeros are
// missing, or in which numbers are the categories that a maker makes of them.

import { binary, cast, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, gather } from '@whyslow/graph/builder/shapes.ts'
import { isMember } from '@whyslow/graph/forest/evaluate-forest.ts'
import { type CategoryRule, FLAG, type Forest, type Precision, TEST, ZERO_THRESHOLD } from '@whyslow/graph/forest/types.ts'
import { numbers, takeColumns } from './row-values.ts'

export interface ForestColumns {
  /** The column that each node asks, by node; −1 at leaves. */
  readonly columnOf: Int32Array
  /** The row, with those columns behind its features. */
  readonly row: Value
}

export function forestColumns(builder: GraphBuilder, forest: Forest, row: Value): ForestColumns {
  const { nodes } = forest
  const width = Number(row.shape[1])
  const zeroed = new Map<number, number>()
  const categorical = new Map<number, number>()
  const columnOf = Int32Array.from(nodes.feature)
  for (let at = 0; at < columnOf.length; at++) {
    if (nodes.feature[at]! < 0) continue
    if ((nodes.flags[at]! & FLAG.test) === TEST.member) placeIn(categorical, nodes.feature[at]!)
    else if ((nodes.flags[at]! & FLAG.zeroIsMissing) !== 0) placeIn(zeroed, nodes.feature[at]!)
  }
  for (let at = 0; at < columnOf.length; at++) {
    if (nodes.feature[at]! < 0) continue
    if ((nodes.flags[at]! & FLAG.test) === TEST.member) columnOf[at] = width + zeroed.size + categorical.get(nodes.feature[at]!)!
    else if ((nodes.flags[at]! & FLAG.zeroIsMissing) !== 0) columnOf[at] = width + zeroed.get(nodes.feature[at]!)!
  }
  const parts = [row]
  if (zeroed.size > 0) parts.push(zerosMissing(builder, takeColumns(builder, row, [...zeroed.keys()])))
  if (categorical.size > 0) parts.push(categories(builder, forest, row, [...categorical.keys()]))
  return { columnOf, row: concat(builder, parts, 1) }
}

function placeIn(places: Map<number, number>, feature: number): void {
  if (!places.has(feature)) places.set(feature, places.size)
}

function zerosMissing(builder: GraphBuilder, x: Value): Value {
  const isZero = withNumber(builder, 'LessOrEqual', unary(builder, 'Abs', x), ZERO_THRESHOLD)
  return where(builder, isZero, scalar(builder, x.dtype, Number.NaN), x)
}

function categories(builder: GraphBuilder, forest: Forest, row: Value, features: readonly number[]): Value {
  const x = takeColumns(builder, row, features)
  if (forest.categories === 'exact') return x
  if (forest.categories === 'scikit-learn')
    return concat(
      builder,
      features.map((feature, k) => knownCategories(builder, forest, feature, takeColumns(builder, x, [k]))),
      1,
    )
  return truncated(builder, forest.categories, x)
}

/** Toward zero, −1 if it can be in no set; NaN stays. */
function truncated(builder: GraphBuilder, rule: CategoryRule, x: Value): Value {
  const whole = unary(builder, 'Floor', unary(builder, 'Abs', x))
  const [lowest, end] = rule === 'xgboost' ? [0, 2 ** 24] : [-1, 2 ** 31]
  const tooLow = withNumber(builder, rule === 'xgboost' ? 'Less' : 'LessOrEqual', x, lowest)
  const outside = binary(builder, 'Or', tooLow, withNumber(builder, 'GreaterOrEqual', x, end))
  return where(builder, outside, scalar(builder, x.dtype, -1), whole)
}

/** What the model does not know is missing: looked up in a table of the categories, whose last entry is for all others. */
function knownCategories(builder: GraphBuilder, { sets }: Forest, feature: number, x: Value): Value {
  const precision = x.dtype as Precision
  const known = sets.known?.[feature] ?? -1
  const size = known < 0 ? 0 : 32 * (sets.starts[known + 1]! - sets.starts[known]!)
  const table = Array.from({ length: size + 1 }, (_, c) => (c < size && isMember(sets, known, c) ? c : Number.NaN))
  const inside = binary(builder, 'And', withNumber(builder, 'GreaterOrEqual', x, 0), withNumber(builder, 'Less', x, size))
  const index = where(builder, inside, x, scalar(builder, precision, size))
  return gather(builder, numbers(builder, precision, [size + 1], table), cast(builder, index, 'int64'))
}
