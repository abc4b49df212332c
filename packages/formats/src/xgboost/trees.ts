// XGBoost's trees, as its documents list them: a float32 comparison x < condition goes left, a category of the set goes right, and what is
// missing goes to the default child. src/tree/tree_model.cc, src/tree/io_utils.h, src/common/categorical.h

import type { ListedTree } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, TEST } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { emptyColumns, type NodeColumns } from '../tabular/node-columns.ts'
import type { DocumentRecord } from '../tabular/record.ts'
import type { SetWriter } from '../tabular/set-writer.ts'

type Numbers = ArrayLike<number>

/** Categories are below 2²⁴ (OutOfRangeCat). */
const CATEGORIES_END = 2 ** 24

export interface TreeContext {
  readonly outputCount: number
  readonly sets: SetWriter
  /** Output that the tree adds to, where its leaves are single numbers. */
  readonly target: number
  /** What dart multiplies the tree's leaves with. */
  readonly weight: number
}

/** One tree. Throws InputError if its arrays do not fit each other. */
export function listedTree(tree: DocumentRecord, context: TreeContext): ListedTree {
  const left = tree.numbers('left_children')
  const count = left.length
  const columns = {
    left,
    right: column(tree, 'right_children', count),
    feature: column(tree, 'split_indices', count),
    condition: column(tree, 'split_conditions', count),
    defaultLeft: column(tree, 'default_left', count),
  }
  const leaves = leavesOf(tree, columns, context)
  return { ...splitsOf(tree, columns, context), ...leaves }
}

function column(tree: DocumentRecord, key: string, count: number): Numbers {
  const numbers = tree.numbers(key)
  if (numbers.length !== count)
    throw new InputError(
      `${tree.where}.${key} has ${numbers.length} numbers for ${count} nodes; the file is damaged, save the model again`,
    )
  return numbers
}

interface Columns {
  readonly left: Numbers
  readonly right: Numbers
  readonly feature: Numbers
  readonly condition: Numbers
  readonly defaultLeft: Numbers
}

function splitsOf(tree: DocumentRecord, columns: Columns, { sets }: TreeContext): NodeColumns {
  const { left, right, condition, defaultLeft } = columns
  const count = left.length
  const listed = emptyColumns(count)
  const { feature, threshold, yes, no, flags } = listed
  for (let node = 0; node < count; node++) {
    if (left[node]! === -1) continue
    // Deleted nodes have an index of all ones; no way leads to them.
    feature[node] = columns.feature[node]! >= 0 && columns.feature[node]! < 2 ** 31 - 1 ? columns.feature[node]! : 2 ** 31 - 1
    threshold[node] = Math.fround(condition[node]!)
    yes[node] = left[node]!
    no[node] = right[node]!
    flags[node] = TEST.less | (defaultLeft[node] ? FLAG.missingIsYes : 0)
  }
  for (const [node, set] of categoricalNodes(tree, count, sets)) {
    if (left[node]! === -1) continue
    // In the set is the right child.
    threshold[node] = set
    yes[node] = right[node]!
    no[node] = left[node]!
    flags[node] = TEST.member | (defaultLeft[node] ? 0 : FLAG.missingIsYes)
  }
  return listed
}

/** Each categorical node with its set. */
function categoricalNodes(tree: DocumentRecord, count: number, sets: SetWriter): [number, number][] {
  if (!tree.has('categories_nodes')) return []
  const nodes = tree.numbers('categories_nodes')
  if (nodes.length === 0) return []
  const segments = column(tree, 'categories_segments', nodes.length)
  const sizes = column(tree, 'categories_sizes', nodes.length)
  const categories = Float64Array.from(tree.numbers('categories'))
  return Array.from(nodes, (node, k) => {
    const [start, size] = [segments[k]!, sizes[k]!]
    if (!(node >= 0 && node < count && start >= 0 && size >= 0 && start + size <= categories.length))
      throw new InputError(
        `${tree.where}.categories_segments lead outside of the categories; the file is damaged, save the model again`,
      )
    return [node, sets.add(categories.subarray(start, start + size), CATEGORIES_END, tree.where)]
  })
}

type Leaves = Pick<ListedTree, 'target' | 'width' | 'leafAt' | 'values'>

/** A vector for each leaf since 2.0: in `base_weights` by node, since 3.2 in `leaf_weights` by the row that represents the right child. */
function leavesOf(
  tree: DocumentRecord,
  { left, right, condition }: Columns,
  { outputCount, target, weight }: TreeContext,
): Leaves {
  const size = tree.has('tree_param') ? Number(tree.record('tree_param').raw('size_leaf_vector') ?? 0) : 0
  const weighted = (values: Numbers): Float64Array =>
    Float64Array.from(values, (value) => (weight === 1 ? Math.fround(value) : Math.fround(Math.fround(value) * weight)))
  const count = left.length
  if (!(size > 1))
    return { target, width: 1, leafAt: Int32Array.from({ length: count }, (_, node) => node), values: weighted(condition) }
  if (size !== outputCount)
    throw new InputError(`${tree.where} has leaves of ${size} values, and the model ${outputCount} outputs; the file is damaged`)
  const rows = tree.has('leaf_weights')
  const leafAt = Int32Array.from({ length: count }, (_, node) => {
    const row = rows ? right[node]! : node
    return left[node] === -1 && row >= 0 && row < 2 ** 31 / size ? row * size : 0
  })
  return { target: 0, width: size, leafAt, values: weighted(tree.numbers(rows ? 'leaf_weights' : 'base_weights')) }
}
