// A model of doubles as one of float32, for what knows no doubles: features are rounded, thresholds so that they ask the same of every
// float32, leaves and sums to the nearest. Rows whose features are no float32 numbers may come to other leaves.

import { evaluateRow } from './evaluate.ts'
import { leafOf } from './evaluate-forest.ts'
import { prepareRow } from './prepare.ts'
import { roundedDown, roundedUp, rounding } from './rounding.ts'
import {
  FLAG,
  type Forest,
  type LinearScores,
  type MappedColumn,
  type NetworkScores,
  type Preparation,
  type TabularModel,
  TEST,
  type Transform,
} from './types.ts'

/** Whether the model computes anything in double. */
export function hasDoubles({ input, scores }: TabularModel): boolean {
  return input.dtype === 'float64' || (scores.kind === 'forest' ? scores.sum.precision : scores.precision) === 'float64'
}

/** The model in float32; undefined for linear leaves and for models over others, which have no float32 form here. */
export function singlePrecision(model: TabularModel): TabularModel | undefined {
  const { scores } = model
  if (scores.kind === 'stacked' || (scores.kind === 'forest' && scores.linearLeaves !== undefined)) return undefined
  return {
    ...model,
    input: { ...model.input, dtype: 'float32' },
    prepare: model.prepare.filter(({ kind }) => kind !== 'round').map(singlePreparation),
    scores:
      scores.kind === 'forest' ? singleForest(scores) : scores.kind === 'linear' ? singleLinear(scores) : singleNetwork(scores),
    transform: model.transform.map(singleTransform),
  }
}

const rounded = (values: Float64Array): Float64Array => values.map(Math.fround)

function singlePreparation(step: Preparation): Preparation {
  switch (step.kind) {
    case 'scale':
      return { ...step, precision: 'float32', offset: rounded(step.offset), factor: rounded(step.factor) }
    case 'normalize':
      return { ...step, precision: 'float32', least: Math.fround(step.least) }
    case 'impute':
      return { ...step, missing: Math.fround(step.missing), values: rounded(step.values) }
    case 'map':
      return { ...step, columns: step.columns.map((column) => column && roundedColumn(column)) }
    case 'binarize':
      return { ...step, thresholds: step.thresholds.map(roundedDown) }
    case 'bins':
      return { ...step, edges: step.edges.map((one) => one?.map(roundedUp)) }
    case 'apply':
    case 'products':
      return { ...step, precision: 'float32' }
    case 'project':
      return { ...step, precision: 'float32', weights: rounded(step.weights), bias: rounded(step.bias) }
    default:
      return step
  }
}

const roundedColumn = ({ keys, values, otherwise }: MappedColumn): MappedColumn => ({
  keys: rounded(keys),
  values: rounded(values),
  otherwise: Math.fround(otherwise),
})

const singleTransform = (transform: Transform): Transform =>
  'precision' in transform ? { ...transform, precision: 'float32' } : transform

function singleForest(forest: Forest): Forest {
  const { nodes, sum } = forest
  const threshold = nodes.threshold.map((value, at) => {
    const test = nodes.flags[at]! & FLAG.test
    if (test === TEST.lessOrEqual) return roundedDown(value)
    if (test === TEST.less) return roundedUp(value)
    return test === TEST.member ? value : Math.fround(value)
  })
  const { oblivious: _, ...rest } = forest
  return {
    ...rest,
    compare: 'float32',
    nodes: { ...nodes, threshold },
    leafValues: rounded(forest.leafValues),
    sum: { ...sum, precision: 'float32', start: rounded(sum.start), scale: Math.fround(sum.scale), end: rounded(sum.end) },
  }
}

function singleLinear(scores: LinearScores): LinearScores {
  return {
    ...scores,
    precision: 'float32',
    weights: rounded(scores.weights),
    start: rounded(scores.start),
    end: rounded(scores.end),
  }
}

function singleNetwork(scores: NetworkScores): NetworkScores {
  const layers = scores.layers.map((layer) => ({ ...layer, weights: rounded(layer.weights), bias: rounded(layer.bias) }))
  return { ...scores, precision: 'float32', layers }
}

export interface PrecisionChange {
  readonly rows: number
  /** Rows that come to another leaf in some tree; 0 if there are no trees. */
  readonly otherLeaves: number
  /** Rows with another label; null if the model tells none. */
  readonly otherLabels: number | null
  /** Largest difference of a prediction; NaN if one is missing on one side alone. */
  readonly largestDifference: number
}

/** What the float32 form changes on these rows. */
export function compareRows(exact: TabularModel, single: TabularModel, rows: readonly ArrayLike<number>[]): PrecisionChange {
  let [otherLeaves, otherLabels, largestDifference] = [0, 0, 0]
  for (const row of rows) {
    const [before, after] = [evaluateRow(exact, row), evaluateRow(single, row)]
    if (leavesOf(exact, row).some((leaf, tree) => leaf !== leavesOf(single, row)[tree])) otherLeaves++
    if (before.label !== after.label) otherLabels++
    for (const [k, value] of before.prediction.entries()) {
      const other = after.prediction[k]!
      if (!Object.is(value, other)) largestDifference = Math.max(largestDifference, Math.abs(value - other))
    }
  }
  return { rows: rows.length, otherLeaves, otherLabels: exact.label === undefined ? null : otherLabels, largestDifference }
}

function leavesOf({ input, prepare, scores }: TabularModel, row: ArrayLike<number>): number[] {
  if (scores.kind !== 'forest') return []
  const prepared = prepareRow(prepare, Float64Array.from(row, rounding(input.dtype)))
  const features = scores.compare === 'float32' ? prepared.map(Math.fround) : prepared
  return Array.from(scores.roots, (root) => leafOf(scores, root, features))
}
