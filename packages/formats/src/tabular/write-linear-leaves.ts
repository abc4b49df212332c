// LightGBM's linear leaves: which leaf a row comes to is an ensemble of its own, with an output for each tree, whose leaves add their
// number; a leaf's coefficients are a row of a table. Where a feature of the leaf is missing, its plain value counts.

import { binary, cast, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat, gather, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Forest, LinearLeaves } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isNan } from '../tensorflow/functions.ts'
import { numbers, takeColumns } from './row-values.ts'

/** Leaves × features that they use. */
const LARGEST_TABLE = 20_000_000

/** The same trees, each with an output of its own that says the number of its leaf: 0, 1, 2 … over all trees. */
export function leafNumbers(forest: Forest): Forest {
  const { linearLeaves: _, ...plain } = forest
  const zeros = new Float64Array(forest.treeCount)
  return {
    ...plain,
    outputCount: forest.treeCount,
    targets: Int32Array.from({ length: forest.treeCount }, (_one, t) => t),
    leafValues: forest.leafValues.map((_value, k) => k),
    sum: { precision: 'float64', start: zeros, divideBy: 1, scale: 1, end: zeros },
  }
}

/** `row`: features as they were given; `leaves`: rows × trees, numbers of leaves. */
export function writeLinearLeaves(
  builder: GraphBuilder,
  forest: Forest & { readonly linearLeaves: LinearLeaves },
  { row, leaves, file }: { readonly row: Value; readonly leaves: Value; readonly file: string },
): Value {
  const tables = tablesOf(forest, file)
  const [rows, trees] = [row.shape[0]!, forest.treeCount]
  const width = tables.features.length
  const index = cast(builder, leaves, 'int64')
  const look = (values: ArrayLike<number>, shape: readonly number[]): Value =>
    gather(builder, numbers(builder, 'float64', shape, values), { ...index, shape: [rows, trees] })
  const plain = look(tables.plain, [tables.plain.length])
  if (width === 0) return byOutput(builder, forest, look(tables.constant, [tables.plain.length]))
  const used = takeColumns(builder, row, tables.features)
  const isMissing = isNan(builder, used)
  const zero = scalar(builder, 'float64', 0)
  const present = where(builder, isMissing, zero, used)
  const gaps = cast(builder, isMissing, 'float64')
  const isUsed = binary(builder, 'Greater', look(tables.uses, [tables.plain.length, width]), zero)
  const along = (values: Value, table: Float64Array): Value => {
    const products = binary(builder, 'Mul', look(table, [tables.plain.length, width]), unsqueeze(builder, values, [1]))
    // What other leaves use may be infinite.
    return reduce(builder, 'ReduceSum', where(builder, isUsed, products, zero), { axes: [2] })
  }
  const sum = along(present, tables.coefficient)
  const linear = binary(builder, 'Add', look(tables.constant, [tables.plain.length]), sum)
  const isGap = binary(builder, 'Greater', along(gaps, tables.uses), zero)
  return byOutput(builder, forest, where(builder, isGap, plain, linear))
}

interface Tables {
  readonly features: Int32Array
  /** One number for each leaf, indexed by leaf. */
  readonly plain: Float64Array
  readonly constant: Float64Array
  /** Leaf × feature. */
  readonly coefficient: Float64Array
  readonly uses: Float64Array
}

function tablesOf({ nodes, leafValues, linearLeaves }: Forest & { readonly linearLeaves: LinearLeaves }, file: string): Tables {
  const features = Int32Array.from(new Set(linearLeaves.feature)).sort()
  const places = new Map(Array.from(features, (feature, k) => [feature, k]))
  const width = features.length
  if (leafValues.length * width > LARGEST_TABLE)
    throw new InputError(
      `${file} has ${leafValues.length} linear leaves over ${width} features, too many for an ONNX file; retrain with linear_tree=false`,
    )
  const constant = Float64Array.from(leafValues)
  const coefficient = new Float64Array(leafValues.length * width)
  const uses = new Float64Array(leafValues.length * width)
  for (let at = 0; at < nodes.feature.length; at++) {
    const linear = nodes.no[at]!
    if (nodes.feature[at]! >= 0 || linear < 0) continue
    const leaf = nodes.yes[at]!
    constant[leaf] = linearLeaves.constant[linear]!
    for (let k = linearLeaves.starts[linear]!; k < linearLeaves.starts[linear + 1]!; k++) {
      const place = leaf * width + places.get(linearLeaves.feature[k]!)!
      coefficient[place]! += linearLeaves.coefficient[k]!
      uses[place] = 1
    }
  }
  return { features, plain: leafValues as Float64Array, constant, coefficient, uses }
}

/** The trees of each output, added. */
function byOutput(builder: GraphBuilder, { outputCount, treeCount, targets }: Forest, values: Value): Value {
  const sums = range(0, outputCount).map((output) => {
    const own = range(0, treeCount).filter((t) => targets[t] === output)
    const trees = own.length === treeCount ? values : takeColumns(builder, values, own)
    return reduce(builder, 'ReduceSum', trees, { axes: [1], keepDims: true })
  })
  return concat(builder, sums, 1)
}
