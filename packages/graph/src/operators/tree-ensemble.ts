// Tree ensembles. https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html , …_TreeEnsemble.html (version 5)
// A row goes down every tree once: one comparison per node on its way. Which way is in the data; counted is the expected depth
// when each branch is taken half the time, the sum over leaves of depth / 2^depth. Each step waits for the one before, and loads
// one node: the serial steps are the depth of the deepest tree.
import { numberAttribute, numbersAttribute, textsAttribute } from './attributes.ts'
import { postTransformOps } from './counts/post-transform.ts'
import { defineFamily, type Formula, formula, type OperatorFacts, sameFor } from './family.ts'
import type { ReadInput } from './input-use.ts'
import type { NodeContext } from './types.ts'

/** A node as ONNX Runtime keeps it: feature, threshold, link, flags (core/providers/cpu/ml/tree_ensemble_helper.h), padded. */
export const NODE_BYTES = 24

/** What a walk needs of one ensemble, whichever version of the operator wrote it down. */
export interface TreeLists {
  /** Nodes of all trees, leaves too. */
  readonly nodeCount: number
  /** Index of each tree's first node. */
  readonly roots: readonly number[]
  /** The two children of a node by index, undefined for a leaf. */
  children(node: number): readonly [number, number] | undefined
}

export interface Depths {
  /** Comparisons of one row through all trees. */
  readonly expected: number
  readonly deepest: number
  /** The part of `expected` from trees that stay within the depth limit. */
  readonly within: number
}

/** Undefined if a node is reached twice: then it is no tree. */
export function depthsOf(forest: TreeLists, limit = Number.POSITIVE_INFINITY): Depths | undefined {
  let expected = 0
  let within = 0
  let deepest = 0
  let visited = 0
  for (const root of forest.roots) {
    const open = [{ node: root, depth: 0, chance: 1 }]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const children = forest.children(at.node)
      deepest = Math.max(deepest, at.depth)
      if (children === undefined) continue
      visited++
      if (visited > forest.nodeCount) return undefined
      expected += at.chance
      if (at.depth < limit) within += at.chance
      for (const node of children) open.push({ node, depth: at.depth + 1, chance: at.chance / 2 })
    }
  }
  return { expected, deepest, within }
}

/** Versions 1 and 3: nodes of all trees in one list, named by tree and node number. */
export function readForest({ node }: Pick<NodeContext, 'node'>): TreeLists | string {
  const trees = numbersAttribute(node, 'nodes_treeids')
  const numbers = numbersAttribute(node, 'nodes_nodeids')
  const yes = numbersAttribute(node, 'nodes_truenodeids')
  const no = numbersAttribute(node, 'nodes_falsenodeids')
  const modes = textsAttribute(node, 'nodes_modes')
  if (!trees || !numbers || !yes || !no || !modes) return 'its nodes_ attributes are not all there'
  if ([numbers, yes, no, modes].some((list) => list.length !== trees.length)) return 'its nodes_ attributes differ in length'
  const places = new Map<number, Map<number, number>>()
  const roots: number[] = []
  trees.forEach((tree, place) => {
    let ofTree = places.get(tree)
    if (ofTree === undefined) {
      ofTree = new Map()
      places.set(tree, ofTree)
      roots.push(place)
    }
    ofTree.set(numbers[place]!, place)
  })
  const children = trees.map((tree, place): readonly [number, number] | undefined => {
    if (modes[place] === 'LEAF') return undefined
    return [places.get(tree)!.get(yes[place]!) ?? -1, places.get(tree)!.get(no[place]!) ?? -1]
  })
  if (children.some((pair) => pair?.includes(-1))) return 'a branch leads to a node that is not there'
  // A root is a node that no branch leads to; the first of its tree where the file is in order.
  const reached = new Set(children.flatMap((pair) => pair ?? []))
  const rootOf = (first: number) => {
    if (!reached.has(first)) return first
    return [...places.get(trees[first]!)!.values()].find((place) => !reached.has(place)) ?? first
  }
  return { nodeCount: trees.length, roots: roots.map(rootOf), children: (place) => children[place] }
}

/** Version 5: inner nodes and leaves in lists of their own; a leaf has no number here. */
export function readForest5({ node }: Pick<NodeContext, 'node'>): TreeLists | string {
  const roots = numbersAttribute(node, 'tree_roots')
  const yes = numbersAttribute(node, 'nodes_truenodeids')
  const no = numbersAttribute(node, 'nodes_falsenodeids')
  const yesLeaf = numbersAttribute(node, 'nodes_trueleafs')
  const noLeaf = numbersAttribute(node, 'nodes_falseleafs')
  if (!roots || !yes || !no || !yesLeaf || !noLeaf) return 'its tree_roots or nodes_ attributes are not all there'
  if ([no, yesLeaf, noLeaf].some((list) => list.length !== yes.length)) return 'its nodes_ attributes differ in length'
  const LEAF = -1
  return {
    // A tree of n inner nodes has n + 1 leaves.
    nodeCount: 2 * yes.length + roots.length,
    roots,
    children: (place) =>
      place < 0 || place >= yes.length
        ? undefined
        : [yesLeaf[place] === 1 ? LEAF : yes[place]!, noLeaf[place] === 1 ? LEAF : no[place]!],
  }
}

const treeEnsemble = (read: (context: NodeContext) => TreeLists | string, targetsOf: (context: NodeContext) => number): Formula =>
  formula([0], [], ([x], _, context) => {
    const forest = read(context)
    if (typeof forest === 'string') return forest
    const depths = depthsOf(forest)
    if (depths === undefined) return 'a node is reached twice, so its nodes are not trees'
    const rows = x.shape.length > 1 ? x.shape[0]! : 1
    const targets = targetsOf(context)
    const after = postTransformOps(context.node, rows, targets)
    // Each tree's leaf adds its weight.
    const visited = depths.expected + forest.roots.length
    return {
      simpleOps: rows * visited + after.simple,
      specialOps: after.special,
      functions: after.functions ?? {},
      attributeBytes: Math.min(rows * visited, forest.nodeCount) * NODE_BYTES,
      serialSteps: Math.max(1, depths.deepest),
      note: 'each branch taken half the time',
    }
  })

function classes({ node }: NodeContext): number {
  const names = textsAttribute(node, 'classlabels_strings') ?? numbersAttribute(node, 'classlabels_int64s') ?? []
  return Math.max(1, names.length)
}

function targets({ node }: NodeContext): number {
  return numberAttribute(node, 'n_targets', 1)
}

/** How features are read: there are at least as many as the last one that a branch tests. */
const features: ReadInput = ({ node }) => {
  const ids = numbersAttribute(node, 'nodes_featureids')
  return ids && { axes: [[-1, { meaning: 'features', size: 1 + ids.reduce((most, id) => Math.max(most, id), 0) }]] }
}

const facts: OperatorFacts = {
  reads: sameFor(
    ['TreeEnsembleClassifier', 'TreeEnsembleRegressor', 'TreeEnsemble'].map((name) => `ai.onnx.ml:${name}`),
    features,
  ),
}

export const treeEnsembleFamily = defineFamily('tree-ensemble', facts, {
  'ai.onnx.ml:TreeEnsembleClassifier': treeEnsemble(readForest, classes),
  'ai.onnx.ml:TreeEnsembleRegressor': treeEnsemble(readForest, targets),
  'ai.onnx.ml:TreeEnsemble': treeEnsemble(readForest5, targets),
})
