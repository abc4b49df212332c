// Trees as a file lists them, made one forest: only nodes that the root leads to, parents first, the child of 'yes' next to its parent.
// A file is a stranger's: what is no tree (a circle, a node with two parents, a child that is not there) is refused here, for all readers.
import { InputError } from '../input-error.ts'
import {
  type CategoryRule,
  type CategorySets,
  FLAG,
  type Forest,
  type ForestSum,
  type LinearLeaves,
  type Precision,
  TEST,
} from './types.ts'

/** One tree as its file lists it; indexes are the file's own, within the tree. The root is node 0 unless `root` says otherwise. */
export interface ListedTree {
  readonly target: number
  /** Outputs that each leaf adds to. */
  readonly width: number
  readonly root?: number
  /** −1 marks a leaf. */
  readonly feature: ArrayLike<number>
  /** The threshold of each node; a member test has the index of its set among the forest's sets instead. */
  readonly threshold: ArrayLike<number>
  readonly yes: ArrayLike<number>
  readonly no: ArrayLike<number>
  /** TEST and FLAG bits. */
  readonly flags: ArrayLike<number>
  /** Where the leaf's values start in `values`, by node. */
  readonly leafAt: ArrayLike<number>
  readonly values: ArrayLike<number>
  /** The leaf's linear model, indexed by node; −1 for none. */
  readonly linear?: ArrayLike<number>
}

export interface ForestParts {
  readonly trees: readonly ListedTree[]
  readonly compare: Precision
  readonly featureCount: number
  readonly outputCount: number
  readonly sum: ForestSum
  readonly categories?: CategoryRule
  readonly sets?: CategorySets
  readonly linearLeaves?: LinearLeaves
}

/** No sets of categories. */
const NO_SETS: CategorySets = { starts: Int32Array.of(0), words: new Uint32Array(0) }

/** A sum from zero with nothing behind it. */
export function plainSum(precision: Precision, outputCount: number, change: Partial<ForestSum> = {}): ForestSum {
  const zeros = new Float64Array(outputCount)
  return { precision, start: zeros, divideBy: 1, scale: 1, end: zeros, ...change }
}

/** The forest. `where` begins each message. Throws InputError if a tree is none or leads outside of what there is. */
export function assembleForest(parts: ForestParts, where: string): Forest {
  const { trees, outputCount, categories = 'exact', sets = NO_SETS, linearLeaves } = parts
  const room = trees.reduce((sum, { feature }) => sum + feature.length, 0)
  const into: Into = {
    parts: { ...parts, sets },
    where,
    feature: new Int32Array(room),
    threshold: new Float64Array(room),
    yes: new Int32Array(room),
    no: new Int32Array(room),
    flags: new Uint8Array(room),
    values: new Float64Array(trees.reduce((sum, { feature, width }) => sum + feature.length * width, 0)),
    count: 0,
    valueCount: 0,
  }
  const roots = Int32Array.from(trees, (tree, t) => addTree(into, tree, t))
  const { count, valueCount } = into
  return {
    kind: 'forest',
    compare: parts.compare,
    outputCount,
    treeCount: trees.length,
    roots,
    targets: Int32Array.from(trees, ({ target }) => target),
    widths: Int32Array.from(trees, ({ width }) => width),
    nodes: {
      feature: into.feature.slice(0, count),
      threshold: into.threshold.slice(0, count),
      yes: into.yes.slice(0, count),
      no: into.no.slice(0, count),
      flags: into.flags.slice(0, count),
    },
    leafValues: into.values.slice(0, valueCount),
    categories,
    sets,
    ...(linearLeaves !== undefined && { linearLeaves }),
    sum: parts.sum,
  }
}

interface Into {
  readonly parts: ForestParts & { readonly sets: CategorySets }
  readonly where: string
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly yes: Int32Array
  readonly no: Int32Array
  readonly flags: Uint8Array
  readonly values: Float64Array
  count: number
  valueCount: number
}

/** Where the tree's root came to stand. */
function addTree(into: Into, tree: ListedTree, t: number): number {
  const { target, width, root = 0, feature } = tree
  const refuse = (what: string) => new InputError(`${into.where}: tree ${t} ${what}; the file is damaged, save the model again`)
  if (width < 1 || target < 0 || target + width > into.parts.outputCount)
    throw refuse(`adds to output ${target + width - 1} of ${into.parts.outputCount}`)
  const seen = new Uint8Array(feature.length)
  const first = into.count
  /** Nodes to write, each with the parent whose 'no' child it is; −1 for the root. */
  const open = [{ node: root, parent: -1 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.parent >= 0) into.no[next.parent] = into.count
    // Down the 'yes' side, each child right behind its parent.
    for (let node = next.node; ; ) {
      if (!(node >= 0 && node < feature.length)) throw refuse(`leads to node ${node}, of ${feature.length}`)
      if (seen[node] === 1) throw refuse(`comes to node ${node} on two ways`)
      seen[node] = 1
      const at = into.count++
      if (feature[node]! < 0) {
        addLeaf(into, { tree, node, at }, refuse)
        break
      }
      addSplit(into, { tree, node, at }, refuse)
      into.yes[at] = at + 1
      open.push({ node: tree.no[node]!, parent: at })
      node = tree.yes[node]!
    }
  }
  return first
}

interface Place {
  readonly tree: ListedTree
  readonly node: number
  /** The index that it gets. */
  readonly at: number
}

type Refusal = (what: string) => InputError

function addLeaf(into: Into, { tree, node, at }: Place, refuse: Refusal): void {
  const from = tree.leafAt[node]!
  if (!(from >= 0 && from + tree.width <= tree.values.length)) throw refuse(`has no value for leaf ${node}`)
  into.feature[at] = -1
  into.yes[at] = into.valueCount
  into.no[at] = tree.linear?.[node] ?? -1
  for (let k = 0; k < tree.width; k++) into.values[into.valueCount++] = tree.values[from + k]!
}

function addSplit(into: Into, { tree, node, at }: Place, refuse: Refusal): void {
  const feature = tree.feature[node]!
  const threshold = tree.threshold[node]!
  const flags = tree.flags[node]!
  if (feature >= into.parts.featureCount)
    throw refuse(`asks for feature ${feature} of ${into.parts.featureCount} at node ${node}`)
  if (Number.isNaN(threshold)) throw refuse(`compares with NaN at node ${node}`)
  if ((flags & FLAG.test) === TEST.member && !(threshold >= 0 && threshold < into.parts.sets.starts.length - 1))
    throw refuse(`asks for a set of categories that is not there at node ${node}`)
  into.feature[at] = feature
  into.threshold[at] = threshold
  into.flags[at] = flags
}
