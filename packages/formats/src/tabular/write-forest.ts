// A forest as a tree ensemble: TreeEnsembleRegressor, which every onnxruntime has, where all is float32 and numeric or a leaf has several
// values; else TreeEnsemble (ai.onnx.ml 5), which adds in double and knows sets. What each output starts with is a tree of one leaf, since
// an ensemble's own base comes last. https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html

import { rawTensor } from '@whyslow/graph/build.ts'
import { binary, cast, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { isMember } from '@whyslow/graph/forest/evaluate-forest.ts'
import type { Forest, Precision } from '@whyslow/graph/forest/types.ts'
import { FLAG, TEST } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { forestColumns } from './forest-columns.ts'
import { numbers } from './row-values.ts'
import { leafNumbers, writeLinearLeaves } from './write-linear-leaves.ts'

/** An ensemble's lists are protobuf fields of a file of 2 GB at most. */
const MOST_NODES = 50_000_000

export interface ForestsWriting {
  /** Begins what is said. */
  readonly file: string
  /** Another forest of the graph can be a TreeEnsemble alone, whose version of ai.onnx.ml has no other operator of trees. */
  readonly asEnsembles: boolean
}

/** The margins, rows × outputs, in the precision of their sum. */
export function writeForest(builder: GraphBuilder, forest: Forest, row: Value, writing: ForestsWriting): Value {
  const { file } = writing
  if (forest.nodes.feature.length > MOST_NODES)
    throw new InputError(`${file} has ${forest.nodes.feature.length} nodes, too many for an ONNX file`)
  const compared = cast(builder, row, forest.compare)
  const features = cast(builder, compared, precisionOf(forest))
  const given = forestColumns(builder, forest, features)
  const { linearLeaves } = forest
  if (linearLeaves === undefined)
    return finished(builder, forest, cast(builder, ensemble(builder, forest, given, writing), forest.sum.precision))
  const leaves = ensemble(builder, leafNumbers(forest), given, writing)
  return finished(builder, forest, writeLinearLeaves(builder, { ...forest, linearLeaves }, { row: features, leaves, file }))
}

/** Precision of features, thresholds and leaves in the ensemble. */
const precisionOf = ({ compare, sum }: Forest): Precision =>
  compare === 'float32' && sum.precision === 'float32' ? 'float32' : 'float64'

/** Whether a forest can be written as a TreeEnsemble alone. */
export function isEnsemble(forest: Forest): boolean {
  const hasSets = forest.nodes.flags.some((flags) => (flags & FLAG.test) === TEST.member)
  const wide = forest.widths.some((width) => width > 1)
  return hasSets || (!wide && precisionOf(forest) === 'float64')
}

type Given = ReturnType<typeof forestColumns>

const ensemble = (builder: GraphBuilder, forest: Forest, { row, columnOf }: Given, { asEnsembles }: ForestsWriting): Value =>
  asEnsembles || isEnsemble(forest) ? treeEnsemble(builder, forest, row, columnOf) : regressor(builder, forest, row, columnOf)

/** The sum's end: a mean, a scale, what is added last. */
function finished(builder: GraphBuilder, { sum }: Forest, margin: Value): Value {
  const { precision, divideBy, scale, end } = sum
  const mean = divideBy === 1 ? margin : withNumber(builder, 'Div', margin, divideBy)
  const scaled = scale === 1 ? mean : withNumber(builder, 'Mul', mean, scale)
  const isDone = end.every((value) => value === 0)
  return isDone ? scaled : binary(builder, 'Add', scaled, numbers(builder, precision, [end.length], end))
}

/** Outputs that start with something; a forest without a tree has one leaf at least, since no ensemble is empty. */
function startsOf({ sum, treeCount }: Forest): number[] {
  const starts = [...sum.start.keys()].filter((output) => sum.start[output] !== 0)
  return starts.length === 0 && treeCount === 0 ? [0] : starts
}

const MODES: readonly string[] = ['BRANCH_LT', 'BRANCH_LEQ', 'BRANCH_EQ']

/** Lists by node, over all trees; then those of what leaves add. */
function regressor(builder: GraphBuilder, forest: Forest, row: Value, columnOf: Int32Array): Value {
  const { nodes, roots, treeCount, outputCount, sum } = forest
  const precision = precisionOf(forest)
  const starts = startsOf(forest)
  const lists = listsOf('treeids', 'nodeids', 'featureids', 'values', 'truenodeids', 'falsenodeids', 'missing')
  const targets = listsOf('treeids', 'nodeids', 'ids', 'weights')
  const modes: string[] = []
  const leaf = (tree: number, node: number) => {
    push(lists, { treeids: tree, nodeids: node, featureids: 0, values: 0, truenodeids: 0, falsenodeids: 0, missing: 0 })
    modes.push('LEAF')
  }
  const adds = (tree: number, node: number, id: number, weight: number) => {
    targets.treeids.push(tree)
    targets.nodeids.push(node)
    targets.ids.push(id)
    targets.weights.push(weight)
  }
  for (const [tree, output] of starts.entries()) {
    leaf(tree, 0)
    adds(tree, 0, output, sum.start[output]!)
  }
  for (let t = 0; t < treeCount; t++) {
    const [tree, root] = [starts.length + t, roots[t]!]
    const end = roots[t + 1] ?? nodes.feature.length
    for (let at = root; at < end; at++) {
      const node = at - root
      if (nodes.feature[at]! < 0) {
        leaf(tree, node)
        for (let k = 0; k < forest.widths[t]!; k++)
          adds(tree, node, forest.targets[t]! + k, forest.leafValues[nodes.yes[at]! + k]!)
        continue
      }
      const flags = nodes.flags[at]!
      const missing = (flags & FLAG.missingIsYes) === 0 ? 0 : 1
      const place = {
        treeids: tree,
        nodeids: node,
        featureids: columnOf[at]!,
        truenodeids: nodes.yes[at]! - root,
        falsenodeids: nodes.no[at]! - root,
      }
      push(lists, { ...place, values: nodes.threshold[at]!, missing })
      modes.push(MODES[flags & FLAG.test]!)
    }
  }
  const typed = (values: readonly number[]) => (precision === 'float32' ? { floats: values } : tensor(precision, values))
  const ending = precision === 'float32' ? '' : '_as_tensor'
  return builder.op(
    { opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml' },
    [row],
    { dtype: 'float32', shape: [row.shape[0]!, outputCount] },
    {
      n_targets: outputCount,
      nodes_treeids: { ints: lists.treeids },
      nodes_nodeids: { ints: lists.nodeids },
      nodes_featureids: { ints: lists.featureids },
      nodes_modes: modes,
      [`nodes_values${ending}`]: typed(lists.values),
      nodes_truenodeids: { ints: lists.truenodeids },
      nodes_falsenodeids: { ints: lists.falsenodeids },
      nodes_missing_value_tracks_true: { ints: lists.missing },
      target_treeids: { ints: targets.treeids },
      target_nodeids: { ints: targets.nodeids },
      target_ids: { ints: targets.ids },
      [`target_weights${ending}`]: typed(targets.weights),
    },
  )
}

type NumberLists<Name extends string> = Readonly<Record<Name, number[]>>

const listsOf = <Name extends string>(...names: readonly Name[]): NumberLists<Name> =>
  Object.fromEntries(names.map((name) => [name, []])) as unknown as NumberLists<Name>

function push<Name extends string>(lists: NumberLists<Name>, entry: Readonly<Record<Name, number>>): void {
  for (const key of Object.keys(entry) as Name[]) lists[key].push(entry[key])
}

function tensor(precision: Precision, values: ArrayLike<number>) {
  const data = precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
  return rawTensor('', precision, [data.length], new Uint8Array(data.buffer))
}

/** ONNX's codes of a test: 1 <, 0 <=, 4 =, 6 member. */
const CODES: readonly number[] = [1, 0, 4, 6]

/** Lists by test and by leaf. A leaf adds to one output; a tree whose leaves add to several is written once for each. */
function treeEnsemble(builder: GraphBuilder, forest: Forest, row: Value, columnOf: Int32Array): Value {
  const { outputCount } = forest
  const precision = precisionOf(forest)
  const lists = ensembleLists(forest, columnOf)
  builder.opset('ai.onnx.ml', 5)
  const members = lists.members.length === 0 ? {} : { membership_values: tensor(precision, lists.members) }
  return builder.op(
    { opType: 'TreeEnsemble', domain: 'ai.onnx.ml' },
    [row],
    { dtype: precision, shape: [row.shape[0]!, outputCount] },
    {
      n_targets: outputCount,
      aggregate_function: 1,
      post_transform: 0,
      tree_roots: { ints: lists.roots },
      nodes_featureids: { ints: lists.features },
      nodes_modes: rawTensor('', 'uint8', [lists.modes.length], Uint8Array.from(lists.modes)),
      nodes_splits: tensor(precision, lists.splits),
      nodes_truenodeids: { ints: lists.yes },
      nodes_trueleafs: { ints: lists.yesLeaf },
      nodes_falsenodeids: { ints: lists.no },
      nodes_falseleafs: { ints: lists.noLeaf },
      nodes_missing_value_tracks_true: { ints: lists.missing },
      leaf_targetids: { ints: lists.targets },
      leaf_weights: tensor(precision, lists.weights),
      ...members,
    },
  )
}

class EnsembleLists {
  readonly roots: number[] = []
  readonly features: number[] = []
  readonly modes: number[] = []
  readonly splits: number[] = []
  readonly yes: number[] = []
  readonly yesLeaf: number[] = []
  readonly no: number[] = []
  readonly noLeaf: number[] = []
  readonly missing: number[] = []
  readonly targets: number[] = []
  readonly weights: number[] = []
  /** Categories of each member test, each list ended by NaN. */
  readonly members: number[] = []

  leaf(target: number, weight: number): number {
    this.targets.push(target)
    this.weights.push(weight)
    return this.weights.length - 1
  }

  /** A tree that is one leaf: a test whose ways both lead there. */
  lone(target: number, weight: number): void {
    const leaf = this.leaf(target, weight)
    this.roots.push(this.features.length)
    const at = this.test(0, { code: 0, split: 0, missing: 0 })
    this.link(at, { yes: leaf, yesLeaf: 1, no: leaf, noLeaf: 1 })
  }

  test(
    feature: number,
    { code, split, missing }: { readonly code: number; readonly split: number; readonly missing: number },
  ): number {
    this.features.push(feature)
    this.modes.push(code)
    this.splits.push(split)
    this.missing.push(missing)
    return this.features.length - 1
  }

  link(at: number, ways: Readonly<Record<'yes' | 'yesLeaf' | 'no' | 'noLeaf', number>>): void {
    this.yes[at] = ways.yes
    this.yesLeaf[at] = ways.yesLeaf
    this.no[at] = ways.no
    this.noLeaf[at] = ways.noLeaf
  }
}

function ensembleLists(forest: Forest, columnOf: Int32Array): EnsembleLists {
  const { treeCount, sum, targets, widths } = forest
  const lists = new EnsembleLists()
  for (const output of startsOf(forest)) lists.lone(output, sum.start[output]!)
  for (let tree = 0; tree < treeCount; tree++)
    for (let k = 0; k < widths[tree]!; k++) addTree(lists, forest, columnOf, { tree, k, target: targets[tree]! + k })
  return lists
}

interface Written {
  readonly tree: number
  /** Which of a leaf's values. */
  readonly k: number
  readonly target: number
}

function addTree(lists: EnsembleLists, forest: Forest, columnOf: Int32Array, { tree, k, target }: Written): void {
  const { nodes, roots, leafValues, sets } = forest
  const root = roots[tree]!
  const end = roots[tree + 1] ?? nodes.feature.length
  if (nodes.feature[root]! < 0) {
    lists.lone(target, leafValues[nodes.yes[root]! + k]!)
    return
  }
  /** Place in the lists by node of the tree: of a leaf among leaves, of a test among tests. */
  const place = new Int32Array(end - root)
  lists.roots.push(lists.features.length)
  for (let at = root; at < end; at++) {
    if (nodes.feature[at]! < 0) {
      place[at - root] = lists.leaf(target, leafValues[nodes.yes[at]! + k]!)
      continue
    }
    const flags = nodes.flags[at]!
    const test = flags & FLAG.test
    const missing = (flags & FLAG.missingIsYes) === 0 ? 0 : 1
    const split = test === TEST.member ? 0 : nodes.threshold[at]!
    place[at - root] = lists.test(columnOf[at]!, { code: CODES[test]!, split, missing })
    if (test === TEST.member) addMembers(lists.members, sets, nodes.threshold[at]!)
  }
  const isLeaf = (at: number) => (nodes.feature[at]! < 0 ? 1 : 0)
  for (let at = root; at < end; at++) {
    if (nodes.feature[at]! < 0) continue
    const [yes, no] = [nodes.yes[at]!, nodes.no[at]!]
    lists.link(place[at - root]!, { yes: place[yes - root]!, yesLeaf: isLeaf(yes), no: place[no - root]!, noLeaf: isLeaf(no) })
  }
}

/** A set without members is one of a number that no category is. */
function addMembers(members: number[], sets: Forest['sets'], set: number): void {
  const before = members.length
  const end = 32 * (sets.starts[set + 1]! - sets.starts[set]!)
  for (let category = 0; category < end; category++) if (isMember(sets, set, category)) members.push(category)
  if (members.length === before) members.push(-2)
  members.push(Number.NaN)
}
