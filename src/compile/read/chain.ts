// A graph read as a chain: a row is prepared, scored, and its scores transformed. Each value of the graph stands for how far the chain
// has come with it; a node either takes a value one step further or cannot be compiled, and then its name says why.
import type { NodeProto } from 'onnx-buf'
import { besideOthers } from '../../graph/forest/beside-others.ts'
import { widthAfter } from '../../graph/forest/prepare.ts'
import { widthAfterTransform } from '../../graph/forest/transform.ts'
import type { Activation, DenseLayer, LabelRule, Preparation, TabularModel, Transform } from '../../graph/forest/types.ts'
import { type Constants, isMl, type Numbers, numberOf, numbersOf, spread, textOf } from './nodes.ts'
import { NotCompilable } from './source.ts'
import { labelsOf, readClassifier, readRegressor } from './trees.ts'

export interface RowValue {
  readonly kind: 'row'
  readonly prepare: readonly Preparation[]
  readonly layers: readonly DenseLayer[]
  readonly width: number
  /** It was made whole numbers, toward zero: only one-hot columns are made of such. */
  readonly whole?: true
}

export interface ScoredValue {
  readonly kind: 'scored'
  readonly prepare: readonly Preparation[]
  readonly scores: TabularModel['scores']
  readonly transform: readonly Transform[]
  readonly width: number
  readonly label?: LabelRule
}

/** Classes that scores decide for. */
export interface LabelValue {
  readonly kind: 'label'
  readonly of: ScoredValue
}

export type Value = RowValue | ScoredValue | LabelValue

const FLOAT32 = 'float32'

/** Values of the node's outputs, in order. Throws NotCompilable. */
export function follow(node: NodeProto, values: ReadonlyMap<string, Value>, constants: Constants): readonly Value[] {
  const known = node.input.filter((name) => values.has(name))
  if (node.opType === 'Concat' && !isMl(node))
    return [
      joinedColumns(
        node,
        known.map((name) => values.get(name)!),
      ),
    ]
  if (known.length !== 1) throw new NotCompilable(`its ${node.opType} joins several values`)
  const value = values.get(known[0]!)!
  if (value.kind === 'label') return [labelStep(node, value)]
  if (isMl(node)) return mlStep(node, value, constants)
  return [value.kind === 'scored' ? scoredStep(node, value) : rowStep(node, value, constants)]
}

const refuse = (node: NodeProto): NotCompilable => new NotCompilable(`it has an operator ${node.opType} that is not known here`)

function labelStep(node: NodeProto, value: LabelValue): LabelValue {
  if (node.opType === 'Identity' || node.opType === 'Cast') return value
  throw refuse(node)
}

function mlStep(node: NodeProto, value: RowValue | ScoredValue, constants: Constants): readonly Value[] {
  if (value.kind === 'scored') {
    if (node.opType === 'Normalizer' && textOf(node, 'norm', 'MAX') === 'L1') return [transformed(value, { kind: 'normalize' })]
    throw refuse(node)
  }
  if (value.layers.length > 0 || (value.whole && node.opType !== 'OneHotEncoder')) throw refuse(node)
  switch (node.opType) {
    case 'ArrayFeatureExtractor':
      return [taken(node, value, constants)]
    case 'Scaler':
      return [prepared(value, scaler(node, value.width))]
    case 'Imputer':
      return [prepared(value, imputer(node, value.width))]
    case 'Normalizer':
      return [prepared(value, normalizer(node))]
    case 'Binarizer':
      return [
        prepared(value, { kind: 'binarize', thresholds: new Float64Array(value.width).fill(numberOf(node, 'threshold', 0)) }),
      ]
    case 'OneHotEncoder':
      return [prepared(withoutWhole(value), oneHot(node, value.width))]
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

function prepared(value: RowValue, step: Preparation): RowValue {
  return { ...value, prepare: [...value.prepare, step], width: widthAfter(step, value.width) }
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

const withoutWhole = ({ kind, prepare, layers, width }: RowValue): RowValue => ({ kind, prepare, layers, width })

/** The axis, counted from the front of rows × features. */
function axisOf(node: NodeProto): number {
  const axis = numberOf(node, 'axis', 0)
  return axis < 0 ? axis + 2 : axis
}

/** Some columns of a row. */
function taken(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const columns = constants(node.input[1])
  if (columns === undefined || value.layers.length > 0 || (node.opType === 'Gather' && columns.shape.length !== 1))
    throw refuse(node)
  const at = columns.values.map((column) => (column < 0 ? column + value.width : column))
  if (at.length === 0 || at.some((column) => !(Number.isInteger(column) && column >= 0 && column < value.width)))
    throw refuse(node)
  return prepared(value, { kind: 'take', columns: Int32Array.from(at) })
}

const [FLOAT, INT64] = [1, 7]

function cast(node: NodeProto, value: RowValue): RowValue {
  const to = numberOf(node, 'to', 0)
  if (to === FLOAT) return value
  if (to === INT64 && value.layers.length === 0) return { ...value, whole: true }
  throw refuse(node)
}

/** As many columns as there are, once the categories' own axis is gone. */
function reshaped(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const shape = constants(node.input[1])?.values
  if (shape?.length !== 2 || shape[0]! > 0 || (shape[1] !== value.width && !(shape[0] === 0 && shape[1] === -1)))
    throw refuse(node)
  return value
}

/** Columns side by side, each prepared in its own way from where their ways part. */
function joinedColumns(node: NodeProto, values: readonly Value[]): RowValue {
  const rows = values.flatMap((value) => (value.kind === 'row' && value.layers.length === 0 && !value.whole ? [value] : []))
  if (rows.length !== node.input.length || axisOf(node) !== 1)
    throw new NotCompilable('its Concat joins what are no prepared columns')
  const parting = rows[0]!.prepare.findIndex((step, k) => rows.some(({ prepare }) => prepare[k] !== step))
  const shared = rows[0]!.prepare.slice(0, parting < 0 ? rows[0]!.prepare.length : parting)
  const own = rows.map(({ prepare }) => prepare.slice(shared.length))
  const taken = own.map(([first]) => (first?.kind === 'take' ? first.columns : undefined))
  if (taken.some((columns) => columns === undefined)) throw new NotCompilable('its Concat joins what are no columns of the rows')
  const columns = taken as Int32Array[]
  const steps: Preparation[] = [{ kind: 'take', columns: Int32Array.from(columns.flatMap((one) => [...one])) }]
  let before = 0
  let after = columns.reduce((sum, { length }) => sum + length, 0)
  own.forEach((rest, k) => {
    let width = columns[k]!.length
    after -= width
    for (const step of rest.slice(1)) {
      const placed = besideOthers(step, { before, width, after })
      if (placed === undefined)
        throw new NotCompilable(`its rows are divided before a step (${step.kind}) that needs all of a row`)
      steps.push(placed)
      width = widthAfter(step, width)
    }
    before += width
  })
  return { kind: 'row', prepare: [...shared, ...steps], layers: [], width: before }
}

/** One number for all, or one for each. */
function each(node: NodeProto, name: string, width: number, otherwise: number): Float64Array {
  const given = Float64Array.from(numbersOf(node, name), Math.fround)
  const all = spread({ shape: [], values: given.length === 0 ? Float64Array.of(otherwise) : given }, width)
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

function oneHot(node: NodeProto, width: number): Preparation {
  const categories = Float64Array.from(numbersOf(node, 'cats_int64s'))
  if (categories.length === 0 || numberOf(node, 'zeros', 1) === 0 || width !== 1)
    throw new NotCompilable('its one-hot columns are not those of one number')
  // onnxruntime takes a float32 for the whole number that it holds (onehotencoder.cc).
  return { kind: 'one-hot', categories: [categories], whole: true }
}

/** By output, then by feature. */
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
    case 'Flatten':
      return value
    case 'Sigmoid':
      return transformed(value, { kind: 'logistic', precision: FLOAT32, slope: 1 })
    case 'Softmax':
      return transformed(value, { kind: 'softmax', precision: FLOAT32 })
    case 'Exp':
      return transformed(value, { kind: 'exp', precision: FLOAT32 })
    default:
      throw refuse(node)
  }
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Relu: 'relu',
  LeakyRelu: 'leaky-relu',
  Elu: 'elu',
  Tanh: 'tanh',
  Sigmoid: 'logistic',
  Softplus: 'softplus',
  Softmax: 'softmax',
}

function rowStep(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  if (value.whole) throw refuse(node)
  switch (node.opType) {
    case 'Gather':
      if (axisOf(node) !== 1) throw refuse(node)
      return taken(node, value, constants)
    case 'Cast':
      return cast(node, value)
    case 'Reshape':
      return reshaped(node, value, constants)
    case 'Identity':
    case 'Dropout':
    case 'Flatten':
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
      if (activation === undefined) throw refuse(node)
      return activated(node, value, activation)
    }
  }
}

const withLayer = (value: RowValue, layer: DenseLayer): RowValue => ({
  ...value,
  layers: [...value.layers, layer],
  width: layer.outputs,
})

function gemm(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const weights = constants(node.input[1])
  const alpha = numberOf(node, 'alpha', 1)
  const beta = numberOf(node, 'beta', 1)
  if (weights === undefined || numberOf(node, 'transA', 0) !== 0 || alpha !== 1 || beta !== 1) throw refuse(node)
  const isTransposed = numberOf(node, 'transB', 0) !== 0
  const bias = node.input[2] ? constants(node.input[2]) : undefined
  return dense(node, value, { weights, isTransposed, bias })
}

function matMul(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const weights = constants(node.input[1])
  if (weights === undefined) throw refuse(node)
  return dense(node, value, { weights, isTransposed: false, bias: undefined })
}

interface DenseParts {
  readonly weights: Numbers
  /** Outputs × inputs. */
  readonly isTransposed: boolean
  readonly bias: Numbers | undefined
}

function dense(node: NodeProto, value: RowValue, { weights: { shape, values }, isTransposed, bias }: DenseParts): RowValue {
  const [inputs, outputs] = isTransposed ? [shape[1], shape[0]] : [shape[0], shape[1]]
  if (shape.length !== 2 || inputs !== value.width || outputs === undefined) throw refuse(node)
  const added = bias === undefined ? new Float64Array(outputs) : spread(bias, outputs)
  if (added === undefined) throw refuse(node)
  const weights = isTransposed
    ? values
    : new Float64Array(values.length).map((_, at) => values[(at % inputs) * outputs + Math.floor(at / inputs)]!)
  return withLayer(value, { inputs, outputs, weights, bias: added, activation: 'identity' })
}

/** On a layer's sums it goes into the layer. */
function batchNorm(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const parts = node.input
    .slice(1, 5)
    .map((name) => spread(constants(name) ?? { shape: [], values: new Float64Array() }, value.width))
  const last = value.layers.at(-1)
  if (parts.includes(undefined) || last === undefined || last.activation !== 'identity') throw refuse(node)
  const [scale, bias, mean, variance] = parts as Float64Array[]
  const epsilon = numberOf(node, 'epsilon', 1e-5)
  const factor = scale!.map((one, k) => one / Math.sqrt(variance![k]! + epsilon))
  return changed(value, {
    weights: last.weights.map((weight, at) => Math.fround(weight * factor[Math.floor(at / last.inputs)]!)),
    bias: last.bias.map((one, k) => Math.fround((one - mean![k]!) * factor[k]! + bias![k]!)),
  })
}

const changed = (value: RowValue, change: Partial<DenseLayer>): RowValue => ({
  ...value,
  layers: value.layers.with(-1, { ...value.layers.at(-1)!, ...change }),
})

/** With constants: a step before the scores, or a layer's bias. */
function arithmetic(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const [a, b] = [constants(node.input[0]), constants(node.input[1])]
  const { opType } = node
  const isSwapped = a !== undefined
  const constant = a ?? b
  const numbers = constant?.shape.slice(0, -1).every((size) => size === 1) ? spread(constant, value.width) : undefined
  if (numbers === undefined || (isSwapped && (opType === 'Sub' || opType === 'Div'))) throw refuse(node)
  const last = value.layers.at(-1)
  if (last !== undefined) {
    if (opType !== 'Add' || last.activation !== 'identity' || last.bias.some((one) => one !== 0)) throw refuse(node)
    return changed(value, { bias: numbers })
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
  return prepared(value, steps[opType]!)
}

function activated(node: NodeProto, value: RowValue, activation: Activation): RowValue {
  const last = value.layers.at(-1)
  if (last === undefined || last.activation !== 'identity') throw refuse(node)
  const alpha = activation === 'leaky-relu' ? numberOf(node, 'alpha', 0.01) : numberOf(node, 'alpha', 1)
  return changed(value, {
    activation,
    ...(activation === 'leaky-relu' || activation === 'elu' ? { alpha: Math.fround(alpha) } : {}),
  })
}
