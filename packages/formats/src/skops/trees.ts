// scikit-learn's classic trees: features as float32, thresholds as double, x <= t goes left. sklearn/tree/_tree.pyx
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import { roundedDown } from '@whyslow/graph/forest/rounding.ts'
import { FLAG, type Forest, TEST } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import type { NpyArray } from './npy.ts'

export interface ClassicTree {
  /** 'tree_' of an estimator. */
  readonly tree: InertObject
  /** Classes or outputs of a leaf. */
  readonly width: number
  /** Output that its leaves begin with. */
  readonly target?: number
  readonly kind: 'classes' | 'values'
  /** Leaves are multiplied with it. */
  readonly factor?: number
}

/** A tree of the state that Python pickles of it: nodes as records, values nodes × outputs × classes. */
export function classicTree({ tree, width, target = 0, kind, factor = 1 }: ClassicTree, { version }: SkopsContext): ListedTree {
  const nodes = tree.field('nodes').array()
  const left = fieldOf(nodes, 'left_child', tree)
  const count = left.length
  const right = fieldOf(nodes, 'right_child', tree)
  const [feature, threshold] = [fieldOf(nodes, 'feature', tree), fieldOf(nodes, 'threshold', tree)]
  const missing = nodes.fields?.get('missing_go_to_left')
  const given = tree.field('values').array().numbers
  if (given.length !== count * width)
    throw new InputError(`${tree.where}: ${given.length} values for ${count} nodes of ${width}; the file is damaged`)
  // Counts before 1.4, shares since.
  const values = kind === 'classes' && version < 104 ? normalized(given, width) : given
  const isLeaf = (node: number) => left[node] === -1
  return {
    target,
    width,
    feature: Int32Array.from(feature, (one, node) => (isLeaf(node) ? -1 : one >= 0 ? Math.min(one, 2 ** 31 - 1) : 2 ** 31 - 1)),
    threshold: Float64Array.from(threshold, (one, node) => (isLeaf(node) ? 0 : roundedDown(one))),
    yes: left,
    no: right,
    flags: Uint8Array.from(left, (_, node) => TEST.lessOrEqual | (missing?.[node] ? FLAG.missingIsYes : 0)),
    leafAt: Int32Array.from(left, (_, node) => node * width),
    values: factor === 1 ? values : values.map((value) => value * factor),
  }
}

export function fieldOf({ fields }: NpyArray, name: string, owner: InertObject): Float64Array {
  const field = fields?.get(name)
  if (field === undefined)
    throw new InputError(`${owner.where}: its nodes have no ${name}; its version of scikit-learn is not known`)
  return field
}

function normalized(values: Float64Array, width: number): Float64Array {
  const result = values.slice()
  for (let at = 0; at < result.length; at += width) {
    let sum = 0
    for (let k = 0; k < width; k++) sum += values[at + k]!
    for (let k = 0; k < width; k++) result[at + k] = sum === 0 ? 0 : values[at + k]! / sum
  }
  return result
}

export interface ForestOfTrees {
  readonly trees: readonly ListedTree[]
  readonly featureCount: number
  readonly outputCount: number
  readonly start?: Float64Array
  readonly divideBy?: number
  readonly scale?: number
}

export function classicForest(
  { trees, featureCount, outputCount, start, divideBy = 1, scale = 1 }: ForestOfTrees,
  { file }: SkopsContext,
): Forest {
  const sum = plainSum('float64', outputCount, { divideBy, scale, ...(start !== undefined && { start }) })
  return assembleForest({ trees, compare: 'float32', featureCount, outputCount, sum }, file)
}
