// Tree ensembles of ai.onnx.ml as ONNX Runtime evaluates them on one thread: float32 sums in the order of the trees, base values last.
// If its code and the operator's text differ (two classes of which one has weights), the code counts:
// onnxruntime/core/providers/cpu/ml/tree_ensemble_aggregator.h

import { numberOf } from '@whyslow/graph/attributes.ts'
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, type Forest, type LabelRule, TEST, type Transform } from '@whyslow/graph/forest/types.ts'
import type { NodeProto } from 'onnx-buf'
import { numbersOf, textOf, textsOf } from './nodes.ts'
import { NotCompilable } from './source.ts'

/** What scores mean once they are there. */
export interface ScoredForest {
  readonly forest: Forest
  readonly transform: readonly Transform[]
  readonly label?: LabelRule
}

/** The test of each mode, and whether its true branch is that test's 'yes'. */
const MODES: Readonly<Record<string, readonly [keyof typeof TEST, boolean]>> = {
  BRANCH_LEQ: ['lessOrEqual', true],
  BRANCH_LT: ['less', true],
  BRANCH_GT: ['lessOrEqual', false],
  BRANCH_GTE: ['less', false],
  BRANCH_EQ: ['equal', true],
}

export function readRegressor(node: NodeProto, width: number, where: string): ScoredForest {
  const outputCount = numberOf(node, 'n_targets', 1)
  const trees = readTrees(node, { prefix: 'target', outputCount })
  const aggregate = textOf(node, 'aggregate_function', 'SUM')
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') throw new NotCompilable(`its trees are joined by ${aggregate}`)
  noTransform(node)
  const base = numbersOf(node, 'base_values')
  const end = Float64Array.from({ length: outputCount }, (_, k) => Math.fround(base[k] ?? 0))
  const sum = plainSum('float32', outputCount, { end, divideBy: aggregate === 'AVERAGE' ? Math.max(1, trees.length) : 1 })
  return {
    forest: assembleForest({ trees, compare: 'float32', featureCount: width, outputCount, sum }, where),
    transform: [],
  }
}

export function readClassifier(node: NodeProto, width: number, where: string): ScoredForest {
  const labels = labelsOf(node)
  const ids = new Set(numbersOf(node, 'class_ids'))
  const isBinary = labels.length === 2 && ids.size === 1
  const outputCount = isBinary ? 1 : labels.length
  const trees = readTrees(node, { prefix: 'class', outputCount, single: isBinary })
  const base = numbersOf(node, 'base_values')
  if (labels.length === 2 && base.length === 2) throw new NotCompilable('its two classes have two base values')
  const end = Float64Array.from({ length: outputCount }, (_, k) => Math.fround(base[k] ?? 0))
  const sum = plainSum('float32', outputCount, { end })
  const forest = assembleForest({ trees, compare: 'float32', featureCount: width, outputCount, sum }, where)
  return { forest, ...classifierRules(node, labels, isBinary) }
}

function classifierRules(node: NodeProto, classes: LabelRule['classes'], isBinary: boolean): Omit<ScoredForest, 'forest'> {
  const after = textOf(node, 'post_transform', 'NONE')
  if (isBinary) {
    const isPositive = numbersOf(node, 'class_weights').every((weight) => weight >= 0)
    const label: LabelRule = { classes, from: 'margin', by: 'above', cut: isPositive ? 0.5 : 0 }
    if (isPositive && after === 'NONE') return { label, transform: [{ kind: 'pair', precision: 'float32' }] }
    if (!isPositive && after === 'LOGISTIC') {
      const logistic: Transform = { kind: 'logistic', precision: 'float32', slope: 1 }
      return { label, transform: [logistic, { kind: 'pair', precision: 'float32' }] }
    }
    throw new NotCompilable(`its two classes have one score, and ${after} for a transform`)
  }
  const transforms: Readonly<Record<string, readonly Transform[]>> = {
    NONE: [],
    SOFTMAX: [{ kind: 'softmax', precision: 'float32' }],
    LOGISTIC: [{ kind: 'logistic', precision: 'float32', slope: 1 }],
  }
  const transform = transforms[after]
  if (transform === undefined) throw new NotCompilable(`its scores are transformed by ${after}`)
  // With two classes that both have scores, the second is chosen where its score is above 0, and numbers are called 0 and 1 whatever
  // the file calls them.
  if (classes.length === 2) {
    const called = typeof classes[0] === 'string' ? classes : [0, 1]
    return { label: { classes: called, from: 'margin', by: 'above', cut: 0 }, transform }
  }
  return { label: { classes, from: 'margin', by: 'largest', cut: 0 }, transform }
}

export function labelsOf(node: NodeProto): LabelRule['classes'] {
  const numbers = numbersOf(node, node.opType.startsWith('Tree') ? 'classlabels_int64s' : 'classlabels_ints')
  const texts = textsOf(node, 'classlabels_strings')
  return texts.length > 0 ? texts : numbers
}

function noTransform(node: NodeProto): void {
  const after = textOf(node, 'post_transform', 'NONE')
  if (after !== 'NONE') throw new NotCompilable(`its scores are transformed by ${after}`)
}

interface LeafPlan {
  readonly prefix: 'class' | 'target'
  readonly outputCount: number
  /** All weights go to one output, whatever its number. */
  readonly single?: boolean
}

/** Nodes of all trees, gathered tree by tree in the order in which the trees come. */
function readTrees(node: NodeProto, plan: LeafPlan): ListedTree[] {
  if (node.attribute.some(({ name }) => name.endsWith('_as_tensor'))) throw new NotCompilable('its trees are in float64')
  const treeIds = numbersOf(node, 'nodes_treeids')
  const nodeIds = numbersOf(node, 'nodes_nodeids')
  const modes = textsOf(node, 'nodes_modes')
  const columns = ['featureids', 'truenodeids', 'falsenodeids'].map((name) => numbersOf(node, `nodes_${name}`))
  const values = numbersOf(node, 'nodes_values')
  if ([nodeIds, modes, values, ...columns].some((list) => list.length !== treeIds.length))
    throw new NotCompilable('its nodes_ attributes differ in length')
  const [features, yesIds, noIds] = columns as [readonly number[], readonly number[], readonly number[]]
  const tracks = numbersOf(node, 'nodes_missing_value_tracks_true')
  const trees = new Map<number, TreeSoFar>()
  treeIds.forEach((tree, k) => {
    const so = trees.get(tree) ?? emptyTree()
    trees.set(tree, so)
    so.places.set(nodeIds[k]!, so.rows.length)
    so.rows.push(k)
  })
  const leaves = leafWeights(node, plan, trees)
  return [...trees].map(([tree, so]) =>
    listedTree(so, leaves.get(tree)!, (k) => {
      if (modes[k] === 'LEAF') return null
      const mode = MODES[modes[k]!]
      if (mode === undefined) throw new NotCompilable(`it has trees with ${modes[k]}`)
      const [test, isYes] = mode
      const missingIsTrue = (tracks[k] ?? 0) !== 0
      const [yes, no] = isYes ? [yesIds[k]!, noIds[k]!] : [noIds[k]!, yesIds[k]!]
      const flags = TEST[test] | (missingIsTrue === isYes ? FLAG.missingIsYes : 0)
      return { feature: features[k]!, threshold: Math.fround(values[k]!), yes, no, flags }
    }),
  )
}

interface TreeSoFar {
  readonly rows: number[]
  readonly places: Map<number, number>
}
const emptyTree = (): TreeSoFar => ({ rows: [], places: new Map() })

/** Outputs and what is added to them, keyed by tree, then by node. */
type Weights = Map<number, Map<number, { readonly output: number; readonly weight: number }[]>>

function leafWeights(node: NodeProto, { prefix, outputCount, single }: LeafPlan, trees: ReadonlyMap<number, unknown>): Weights {
  const treeIds = numbersOf(node, `${prefix}_treeids`)
  const nodeIds = numbersOf(node, `${prefix}_nodeids`)
  const ids = numbersOf(node, `${prefix}_ids`)
  const weights = numbersOf(node, `${prefix}_weights`)
  if ([nodeIds, ids, weights].some((list) => list.length !== treeIds.length))
    throw new NotCompilable(`its ${prefix}_ attributes differ in length`)
  const found: Weights = new Map([...trees.keys()].map((tree) => [tree, new Map()]))
  treeIds.forEach((tree, k) => {
    const ofTree = found.get(tree)
    const output = single ? 0 : ids[k]!
    if (ofTree === undefined || !(output >= 0 && output < outputCount))
      throw new NotCompilable(`a ${prefix} weight belongs to no tree or output`)
    const list = ofTree.get(nodeIds[k]!) ?? []
    ofTree.set(nodeIds[k]!, list)
    list.push({ output, weight: Math.fround(weights[k]!) })
  })
  return found
}

interface Split {
  readonly feature: number
  readonly threshold: number
  readonly yes: number
  readonly no: number
  readonly flags: number
}

function listedTree(
  { rows, places }: TreeSoFar,
  weights: NonNullable<ReturnType<Weights['get']>>,
  splitOf: (k: number) => Split | null,
): ListedTree {
  const used = [...weights.values()].flat().map(({ output }) => output)
  const first = used.reduce((least, output) => Math.min(least, output), used[0] ?? 0)
  const width = used.reduce((most, output) => Math.max(most, output), first) - first + 1
  const values: number[] = []
  const children = new Set<number>()
  const idOf = new Map([...places].map(([id, place]) => [place, id]))
  const listed = rows.map((k, place) => {
    const split = splitOf(k)
    if (split === null) {
      const leafAt = values.length
      for (let i = 0; i < width; i++) values.push(0)
      for (const { output, weight } of weights.get(idOf.get(place)!) ?? [])
        values[leafAt + output - first] = Math.fround(values[leafAt + output - first]! + weight)
      return { feature: -1, threshold: 0, yes: -1, no: -1, flags: 0, leafAt }
    }
    const [yes, no] = [places.get(split.yes) ?? -1, places.get(split.no) ?? -1]
    children.add(yes)
    children.add(no)
    return { ...split, yes, no, leafAt: -1 }
  })
  const column = (name: keyof (typeof listed)[number]) => listed.map((row) => row[name])
  const root = listed.findIndex((_, place) => !children.has(place))
  return {
    target: first,
    width,
    root: Math.max(0, root),
    feature: column('feature'),
    threshold: column('threshold'),
    yes: column('yes'),
    no: column('no'),
    flags: column('flags'),
    leafAt: column('leafAt'),
    values,
  }
}
