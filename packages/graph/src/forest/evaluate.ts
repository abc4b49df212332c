// What a tabular model computes, slowly and exactly: readers, the ONNX writer and the compilers are all tested against this.
import { evaluateForest } from './evaluate-forest.ts'
import { prepareRow } from './prepare.ts'
import { rounding } from './rounding.ts'
import { applyTransforms, argMax } from './transform.ts'
import type { Activation, LabelRule, LinearScores, NetworkScores, StackedMember, StackedScores, TabularModel } from './types.ts'

/** One row's outputs. float32 models' numbers are float32 numbers. */
export interface RowResult {
  readonly margin: Float64Array
  readonly prediction: Float64Array
  /** Index of the class; undefined if the model classifies nothing. */
  readonly label?: number
}

/** The outputs for one row of `model.input.featureCount` numbers, NaN if missing. */
export function evaluateRow(model: TabularModel, row: ArrayLike<number>): RowResult {
  const given = Float64Array.from(row, rounding(model.input.dtype))
  const margin = marginOf(model.scores, prepareRow(model.prepare, given))
  const prediction = applyTransforms(model.transform, margin)
  if (model.label === undefined) return { margin, prediction }
  return { margin, prediction, label: labelOf(model.label, margin, prediction) }
}

function marginOf(scores: TabularModel['scores'], row: Float64Array): Float64Array {
  switch (scores.kind) {
    case 'forest':
      return evaluateForest(scores, row)
    case 'linear':
      return evaluateLinear(scores, row)
    case 'network':
      return evaluateNetwork(scores, row)
    case 'stacked':
      return evaluateStacked(scores, row)
  }
}

function evaluateStacked({ members, passthrough, prepare, last }: StackedScores, row: Float64Array): Float64Array {
  const outputs = members.flatMap((member) => outputsOf(member, row))
  return marginOf(last, prepareRow(prepare, Float64Array.from(passthrough ? [...outputs, ...row] : outputs)))
}

function outputsOf({ model, output, columns }: StackedMember, row: Float64Array): number[] {
  const { label, ...numbers } = evaluateRow(model, row)
  return Array.from(columns, (k) => (output === 'label' ? (label ?? Number.NaN) : numbers[output][k]!))
}

export function labelOf({ from, by, cut }: LabelRule, margin: Float64Array, prediction: Float64Array): number {
  const values = from === 'margin' ? margin : prediction
  if (by === 'largest') return argMax(values)
  const last = values[values.length - 1]!
  return (by === 'above' ? last > cut : last >= cut) ? 1 : 0
}

function evaluateLinear(scores: LinearScores, row: Float64Array): Float64Array {
  const { precision, featureCount, weights, start, end, missing } = scores
  const round = rounding(precision)
  return start.map((first, k) => {
    let sum = first
    for (let f = 0; f < featureCount; f++) {
      if (missing === 'skipped' && Number.isNaN(row[f]!)) continue
      sum = round(sum + round(weights[k * featureCount + f]! * row[f]!))
    }
    return round(sum + end[k]!)
  })
}

function evaluateNetwork({ precision, layers }: NetworkScores, row: Float64Array): Float64Array {
  const round = rounding(precision)
  let values = row
  for (const { inputs, weights, bias, activation, alpha = 0 } of layers) {
    const sums = bias.map((first, k) => {
      let sum = first
      for (let i = 0; i < inputs; i++) sum = round(sum + round(weights[k * inputs + i]! * values[i]!))
      return sum
    })
    values = activate(activation, alpha, sums).map(round)
  }
  return values
}

const FUNCTIONS: Readonly<Record<Exclude<Activation, 'softmax'>, (x: number, alpha: number) => number>> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  'leaky-relu': (x, alpha) => (x < 0 ? alpha * x : x),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  tanh: Math.tanh,
  logistic: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
}

function activate(activation: Activation, alpha: number, values: Float64Array): Float64Array {
  if (activation === 'softmax') return applyTransforms([{ kind: 'softmax', precision: 'float64' }], values)
  const apply = FUNCTIONS[activation]
  return values.map((x) => apply(x, alpha))
}
