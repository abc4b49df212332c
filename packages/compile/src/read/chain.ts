// A graph read as a chain: a row is prepared, scored, and its scores transformed. Each value of the graph represents how far the chain
// has come with it; a node either takes a value one step further or cannot be compiled, and then its name says why.

import { numberOf } from '@whyslow/graph/attributes.ts'
import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { LabelRule, Preparation, TabularModel, Transform } from '@whyslow/graph/forest/types.ts'
import type { NodeProto } from 'onnx-buf'
import { labelEncoded, oneHot, type PlaceOf } from './categories.ts'
import { axisOf, cast, concatenateColumns, reshapeRow, selectColumns } from './columns.ts'
import { ACTIVATIONS, batchNorm, gemm, matMul, withActivation, withChange } from './layers.ts'
import { broadcastNumbers, type Constants, isMl, numbersOf, textOf } from './nodes.ts'
import { NotCompilable } from './source.ts'
import { labelsOf, readClassifier, readRegressor } from './trees.ts'
import { flat, type LabelValue, type RowValue, refuse, type ScoredValue, type Value, withPreparation } from './values.ts'

const FLOAT32 = 'float32'

/** What a node is read with. */
export interface ChainContext {
  readonly values: ReadonlyMap<string, Value>
  readonly constants: Constants
  readonly placeOf: PlaceOf
}

/** Values of the node's outputs, in order. Throws NotCompilable. */
export function follow(node: NodeProto, { values, constants, placeOf }: ChainContext): readonly Value[] {
  const known = node.input.filter((name) => values.has(name))
  if (node.opType === 'Concat' && !isMl(node))
    return [
      concatenateColumns(
        node,
        known.map((name) => values.get(name)!),
      ),
    ]
  if (known.length !== 1) throw new NotCompilable(`its ${node.opType} joins several values`)
  const value = values.get(known[0]!)!
  if (value.kind === 'label') return [labelStep(node, value)]
  if (isMl(node)) return value.kind === 'scored' ? [mlScoredStep(node, value)] : mlStep(node, value, { constants, placeOf })
  return [value.kind === 'scored' ? scoredStep(node, value) : rowStep(node, value, constants)]
}

function labelStep(node: NodeProto, value: LabelValue): LabelValue {
  if (node.opType === 'Identity' || node.opType === 'Cast') return value
  throw refuse(node)
}

function mlScoredStep(node: NodeProto, value: ScoredValue): ScoredValue {
  if (node.opType === 'Normalizer' && textOf(node, 'norm', 'MAX') === 'L1') return transformed(value, { kind: 'normalize' })
  throw refuse(node)
}

/** What takes categories, and what takes any column. */
const OF_CATEGORIES = new Set(['OneHotEncoder', 'LabelEncoder', 'ArrayFeatureExtractor'])

function mlStep(node: NodeProto, value: RowValue, { constants, placeOf }: Omit<ChainContext, 'values'>): readonly Value[] {
  if (value.layers.length > 0 || value.apart || (value.holds !== undefined && !OF_CATEGORIES.has(node.opType))) throw refuse(node)
  switch (node.opType) {
    case 'ArrayFeatureExtractor':
      return [selectColumns(node, value, constants)]
    case 'LabelEncoder':
      return [labelEncoded(node, value, placeOf)]
    case 'Scaler':
      return [withPreparation(value, scaler(node, value.width))]
    case 'Imputer':
      return [withPreparation(value, imputer(node, value.width))]
    case 'Normalizer':
      return [withPreparation(value, normalizer(node))]
    case 'Binarizer':
      return [
        withPreparation(value, {
          kind: 'binarize',
          thresholds: new Float64Array(value.width).fill(numberOf(node, 'threshold', 0)),
        }),
      ]
    case 'OneHotEncoder':
      return [oneHot(node, value, placeOf)]
    case 'TreeEnsembleRegressor': {
      const { forest, transform } = readRegressor(node, value.width, 'the model')
      return [scoredBy(value, forest, transform)]
    }
    case 'TreeEnsembleClassifier': {
      const { forest, transform, label } = readClassifier(node, value.width, 'the model')
      const scored = scoredBy(value, forest, transform, label)
      return [{ kind: 'label', of: scored }, scored]
    }
    case 'LinearRegressor':
      return [linearRegressor(node, value)]
    case 'LinearClassifier': {
      const scored = linearClassifier(node, value)
      return [{ kind: 'label', of: scored }, scored]
    }
    default:
      throw refuse(node)
  }
}

function scoredBy(
  { prepare }: RowValue,
  scores: TabularModel['scores'],
  transform: readonly Transform[],
  label?: LabelRule,
): ScoredValue {
  const width = transform.reduce((count, one) => widthAfterTransform(one, count), scores.outputCount)
  return { kind: 'scored', prepare, scores, transform, width, ...(label === undefined ? {} : { label }) }
}

const transformed = (value: ScoredValue, step: Transform): ScoredValue => ({
  ...value,
  transform: [...value.transform, step],
  width: widthAfterTransform(step, value.width),
})

/** One number for all, or one for each. */
function each(node: NodeProto, name: string, width: number, otherwise: number): Float64Array {
  const given = Float64Array.from(numbersOf(node, name), Math.fround)
  const all = broadcastNumbers({ shape: [], values: given.length === 0 ? Float64Array.of(otherwise) : given }, width)
  if (all === undefined) throw new NotCompilable(`${name} of its ${node.opType} does not fit ${width} features`)
  return all
}

const scaler = (node: NodeProto, width: number): Preparation => ({
  kind: 'scale',
  form: 'subtract-multiply',
  precision: FLOAT32,
  offset: each(node, 'offset', width, 0),
  factor: each(node, 'scale', width, 1),
})

const imputer = (node: NodeProto, width: number): Preparation => ({
  kind: 'impute',
  missing: Math.fround(numberOf(node, 'replaced_value_float', 0)),
  values: each(node, 'imputed_value_floats', width, Number.NaN),
})

function normalizer(node: NodeProto): Preparation {
  const norm = textOf(node, 'norm', 'MAX')
  if (norm !== 'L1' && norm !== 'L2') throw new NotCompilable(`it divides rows by their ${norm} norm`)
  return { kind: 'normalize', norm: norm === 'L1' ? 'l1' : 'l2', precision: FLOAT32, least: 0 }
}

/** Reads a linear regressor; its coefficients are ordered by output, then by feature. */
function linearRegressor(node: NodeProto, value: RowValue): ScoredValue {
  if (textOf(node, 'post_transform', 'NONE') !== 'NONE') throw refuse(node)
  return scoredBy(value, linear(node, value.width, numberOf(node, 'targets', 1)), [])
}

function linearClassifier(node: NodeProto, value: RowValue): ScoredValue {
  const classes = labelsOf(node)
  const scores = linear(node, value.width, classes.length)
  const after = textOf(node, 'post_transform', 'NONE')
  const transforms: Readonly<Record<string, readonly Transform[]>> = {
    NONE: [],
    SOFTMAX: [{ kind: 'softmax', precision: FLOAT32 }],
    LOGISTIC: [{ kind: 'logistic', precision: FLOAT32, slope: 1 }],
  }
  const transform = transforms[after]
  if (transform === undefined) throw new NotCompilable(`its scores are transformed by ${after}`)
  return scoredBy(value, scores, transform, { classes, from: 'margin', by: 'largest', cut: 0 })
}

function linear(node: NodeProto, width: number, outputCount: number): TabularModel['scores'] {
  const weights = Float64Array.from(numbersOf(node, 'coefficients'), Math.fround)
  if (weights.length !== width * outputCount)
    throw new NotCompilable(
      `its ${node.opType} has ${weights.length} coefficients for ${width} features and ${outputCount} scores`,
    )
  const end = each(node, 'intercepts', outputCount, 0)
  const start = new Float64Array(outputCount)
  return { kind: 'linear', precision: FLOAT32, outputCount, featureCount: width, weights, start, end, missing: 'missing' }
}

function scoredStep(node: NodeProto, value: ScoredValue): ScoredValue {
  switch (node.opType) {
    case 'Identity':
      return value
    case 'Flatten':
      if (axisOf(node, 1) !== 1) throw refuse(node)
      return value
    case 'Sigmoid':
      return transformed(value, { kind: 'logistic', precision: FLOAT32, slope: 1 })
    case 'Softmax':
      if (axisOf(node, 1) !== 1) throw refuse(node)
      return transformed(value, { kind: 'softmax', precision: FLOAT32 })
    case 'Exp':
      return transformed(value, { kind: 'exp', precision: FLOAT32 })
    default:
      throw refuse(node)
  }
}

function rowStep(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  switch (node.opType) {
    case 'Gather':
      if (axisOf(node, 0) !== 1 || value.apart) throw refuse(node)
      return selectColumns(node, value, constants)
    case 'Cast':
      return cast(node, value)
    case 'Reshape':
      return reshapeRow(node, value, constants)
    case 'Identity':
      return value
    case 'Flatten':
      if (axisOf(node, 1) !== 1) throw refuse(node)
      return flat(value)
    default:
      if (value.holds !== undefined || value.apart) throw refuse(node)
      return numberStep(node, value, constants)
  }
}

/** A step on columns of float32 numbers. */
function numberStep(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  switch (node.opType) {
    case 'Dropout':
      return value
    case 'Gemm':
      return gemm(node, value, constants)
    case 'MatMul':
      return matMul(node, value, constants)
    case 'BatchNormalization':
      return batchNorm(node, value, constants)
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return arithmetic(node, value, constants)
    default: {
      const activation = ACTIVATIONS[node.opType]
      if (activation === undefined || (activation === 'softmax' && axisOf(node, 1) !== 1)) throw refuse(node)
      return withActivation(node, value, activation)
    }
  }
}

/** Arithmetic with constants: a step before the scores, or a layer's bias. */
function arithmetic(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const [a, b] = [constants(node.input[0]), constants(node.input[1])]
  const { opType } = node
  const isSwapped = a !== undefined
  const constant = a ?? b
  const numbers = constant?.shape.slice(0, -1).every((size) => size === 1) ? broadcastNumbers(constant, value.width) : undefined
  if (numbers === undefined || (isSwapped && (opType === 'Sub' || opType === 'Div'))) throw refuse(node)
  const last = value.layers.at(-1)
  if (last !== undefined) {
    if (opType !== 'Add' || last.activation !== 'identity' || last.bias.some((one) => one !== 0)) throw refuse(node)
    return withChange(value, { bias: numbers })
  }
  const zeros = new Float64Array(value.width)
  const ones = new Float64Array(value.width).fill(1)
  const scale = { kind: 'scale', precision: FLOAT32 } as const
  const steps: Readonly<Record<string, Preparation>> = {
    Add: { ...scale, form: 'multiply-add', factor: ones, offset: numbers },
    Sub: { ...scale, form: 'subtract-multiply', factor: ones, offset: numbers },
    Mul: { ...scale, form: 'subtract-multiply', factor: numbers, offset: zeros },
    Div: { ...scale, form: 'subtract-divide', factor: numbers, offset: zeros },
  }
  return withPreparation(value, steps[opType]!)
}
