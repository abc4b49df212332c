// LightGBM's linear leaves: which leaf a row comes to is an ensemble of its own, with an output for each tree, whose leaves add their
// number; a leaf's coefficients are a row of a table. Where a feature of the leaf is missing, its plain value counts.
import type { Forest, LinearLeaves, Precision } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { GraphBuilder, Value } from '../build/graph-builder.ts'
import { concat, numbers, take } from './write-preparations.ts'

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
  const index = builder.op('Cast', [leaves], { dtype: 'int64', shape: [rows, trees] }, { to: 7 })
  const look = (values: ArrayLike<number>, shape: readonly number[]): Value =>
    builder.op(
      'Gather',
      [numbers(builder, 'float64', shape, values), index],
      { dtype: 'float64', shape: [rows, trees, ...shape.slice(1)] },
      { axis: 0 },
    )
  const plain = look(tables.plain, [tables.plain.length])
  if (width === 0) return byOutput(builder, forest, look(tables.constant, [tables.plain.length]))
  const used = take(builder, row, tables.features)
  const isMissing = builder.op('IsNaN', [used], { dtype: 'bool', shape: used.shape })
  const zero = numbers(builder, 'float64', [], [0])
  const present = builder.op('Where', [isMissing, zero, used], used)
  const gaps = builder.op('Cast', [isMissing], { dtype: 'float64', shape: used.shape }, { to: 11 })
  const isUsed = builder.op('Greater', [look(tables.uses, [tables.plain.length, width]), zero], {
    dtype: 'bool',
    shape: [rows, trees, width],
  })
  const along = (values: Value, table: Float64Array): Value => {
    const one = builder.op('Unsqueeze', [values, builder.ints([1])], { dtype: 'float64', shape: [rows, 1, width] })
    const type = { dtype: 'float64', shape: [rows, trees, width] } as const
    const products = builder.op('Mul', [look(table, [tables.plain.length, width]), one], type)
    // What other leaves use may be infinite.
    const own = builder.op('Where', [isUsed, products, zero], type)
    return builder.op('ReduceSum', [own, builder.ints([2])], { dtype: 'float64', shape: [rows, trees] }, { keepdims: 0 })
  }
  const linear = builder.op('Add', [look(tables.constant, [tables.plain.length]), along(present, tables.coefficient)], plain)
  const isGap = builder.op('Greater', [along(gaps, tables.uses), zero], { dtype: 'bool', shape: [rows, trees] })
  return byOutput(builder, forest, builder.op('Where', [isGap, plain, linear], plain))
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
  const precision = values.dtype as Precision
  const shape = [values.shape[0]!, 1]
  const sums = Array.from({ length: outputCount }, (_, output) => {
    const own = Array.from({ length: treeCount }, (_tree, t) => t).filter((t) => targets[t] === output)
    const trees = own.length === treeCount ? values : take(builder, values, own)
    return builder.op('ReduceSum', [trees, builder.ints([1])], { dtype: precision, shape }, { keepdims: 1 })
  })
  return concat(builder, sums)
}
