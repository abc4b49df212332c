// LightGBM's trees: a comparison x <= threshold in double goes left, a category of the set goes left, and what a missing value is depends
// on the node. include/LightGBM/tree.h, NumericalDecision and CategoricalDecision; src/io/tree.cpp
import type { ListedTree } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, type LinearLeaves, TEST } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { emptyColumns, type NodeColumns } from '../tabular/node-columns.ts'
import type { SetWriter } from '../tabular/set-writer.ts'
import type { TextBlock } from './text.ts'

const MOST_LEAVES = 2 ** 30
const WORDS_END = 2 ** 32

/** Bits of decision_type. */
const [CATEGORICAL, DEFAULT_LEFT] = [1, 2]
const [NONE, ZERO] = [0, 1]

export interface TreeContext {
  readonly target: number
  readonly featureCount: number
  readonly sets: SetWriter
  readonly linear: LinearWriter
}

/** One tree: its inner nodes first, then its leaves. */
export function listedTree(tree: TextBlock, { target, featureCount, sets, linear }: TreeContext): ListedTree {
  const leafCount = tree.count('num_leaves', MOST_LEAVES)
  if (leafCount < 1) throw new InputError(`${tree.where}: it has no leaf; the file is damaged, save the model again`)
  const values = tree.numbers('leaf_value', leafCount)
  const inner = leafCount - 1
  const count = inner + leafCount
  const columns = emptyColumns(count)
  // A tree of one leaf has no arrays of nodes.
  if (inner > 0) addNodes(tree, columns, { inner, sets })
  const leafAt = Int32Array.from({ length: count }, (_, node) => node - inner)
  const isLinear = tree.has('is_linear') && tree.count('is_linear', 1) === 1
  const models = isLinear ? linear.add(tree, { leafCount, inner, featureCount }) : undefined
  return { target, width: 1, ...columns, leafAt, values, ...(models !== undefined && { linear: models }) }
}

function addNodes(
  tree: TextBlock,
  columns: NodeColumns,
  { inner, sets }: { readonly inner: number; readonly sets: SetWriter },
): void {
  const feature = tree.numbers('split_feature', inner)
  const threshold = tree.numbers('threshold', inner)
  const decision = tree.has('decision_type') ? tree.numbers('decision_type', inner) : new Float64Array(inner)
  const [left, right] = [tree.numbers('left_child', inner), tree.numbers('right_child', inner)]
  const setOf = setsOf(tree, sets)
  const child = (index: number) => (index < 0 ? inner + ~index : index)
  for (let node = 0; node < inner; node++) {
    const type = decision[node]!
    const isCategorical = (type & CATEGORICAL) !== 0
    // What is no index of a feature is refused where the tree is put together.
    columns.feature[node] = feature[node]! >= 0 ? Math.min(feature[node]!, 2 ** 31 - 1) : 2 ** 31 - 1
    columns.threshold[node] = isCategorical ? setOf(threshold[node]!) : threshold[node]!
    columns.yes[node] = child(left[node]!)
    columns.no[node] = child(right[node]!)
    columns.flags[node] = isCategorical ? TEST.member : numericFlags(type, threshold[node]!)
  }
}

/** If nothing is missing, NaN is 0 and is compared like it. */
function numericFlags(type: number, threshold: number): number {
  const missing = (type >> 2) & 3
  const isDefaultLeft = (type & DEFAULT_LEFT) !== 0
  const isYes = missing === NONE ? 0 <= threshold : isDefaultLeft
  return TEST.lessOrEqual | (isYes ? FLAG.missingIsYes : 0) | (missing === ZERO ? FLAG.zeroIsMissing : 0)
}

/** The threshold of a categorical node is the number of its set within the tree. */
function setsOf(tree: TextBlock, sets: SetWriter): (threshold: number) => number {
  const count = tree.has('num_cat') ? tree.count('num_cat', MOST_LEAVES) : 0
  if (count === 0) return () => -1
  const starts = tree.numbers('cat_boundaries', count + 1)
  const words = tree.numbers('cat_threshold')
  const indices = Array.from({ length: count }, (_, k) => {
    const [start, end] = [starts[k]!, starts[k + 1]!]
    const own = words.subarray(start, end)
    if (!(start >= 0 && end >= start && end <= words.length) || own.some((word) => !(word >= 0 && word < WORDS_END)))
      throw new InputError(
        `${tree.where}: cat_boundaries lead outside of cat_threshold; the file is damaged, save the model again`,
      )
    return sets.addWords(Uint32Array.from(own), tree.where)
  })
  return (threshold) => indices[threshold] ?? -1
}

/** Linear leaves of all trees, while they are read. */
export class LinearWriter {
  readonly #constant: number[] = []
  readonly #starts: number[] = [0]
  readonly #feature: number[] = []
  readonly #coefficient: number[] = []

  /** Adds a tree. The result is indexed by node: the index of its leaf's model, −1 at inner nodes. */
  add(
    tree: TextBlock,
    { leafCount, inner, featureCount }: { readonly leafCount: number; readonly inner: number; readonly featureCount: number },
  ): Int32Array {
    const constant = tree.numbers('leaf_const', leafCount)
    const counts = tree.numbers('num_features', leafCount)
    const features = tree.has('leaf_features') ? tree.numbers('leaf_features') : new Float64Array(0)
    const coefficients = tree.has('leaf_coeff') ? tree.numbers('leaf_coeff', features.length) : new Float64Array(0)
    const models = new Int32Array(inner + leafCount).fill(-1)
    let at = 0
    for (let leaf = 0; leaf < leafCount; leaf++) {
      models[inner + leaf] = this.#constant.length
      const end = at + counts[leaf]!
      if (!(counts[leaf]! >= 0 && end <= features.length))
        throw new InputError(
          `${tree.where}: leaf ${leaf} has more features than it lists; the file is damaged, save the model again`,
        )
      for (; at < end; at++) {
        if (!(features[at]! >= 0 && features[at]! < featureCount))
          throw new InputError(
            `${tree.where}: leaf ${leaf} asks for feature ${features[at]} of ${featureCount}; the file is damaged`,
          )
        this.#feature.push(features[at]!)
        this.#coefficient.push(coefficients[at]!)
      }
      this.#constant.push(constant[leaf]!)
      this.#starts.push(this.#feature.length)
    }
    return models
  }

  /** Undefined if no tree has any. */
  leaves(): LinearLeaves | undefined {
    if (this.#constant.length === 0) return undefined
    return {
      constant: Float64Array.from(this.#constant),
      starts: Int32Array.from(this.#starts),
      feature: Int32Array.from(this.#feature),
      coefficient: Float64Array.from(this.#coefficient),
    }
  }
}
