// scikit-learn's transformers as steps on a row. Where a ColumnTransformer has several side by side, the row first becomes the columns of
// all of them, in their order, and each step leaves the columns of the others alone. sklearn/preprocessing/_data.py, compose/_column_transformer.py

import { type ElementFunction, PLAIN_FUNCTIONS, type PlainFunction } from '@whyslow/graph/forest/element-functions.ts'
import { type CategoryGroup, oneHotSteps, ordinalSteps } from '@whyslow/graph/forest/encoders.ts'
import { joinColumns } from '@whyslow/graph/forest/join-columns.ts'
import { widthAfter } from '@whyslow/graph/forest/prepare.ts'
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { notRead, optionalField, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { kBinsDiscretizer, polynomialFeatures } from './made-columns.ts'
import { SELECTORS, selectedColumns } from './selectors.ts'

export interface TransformedColumns {
  readonly steps: readonly Preparation[]
  /** Columns afterwards. */
  readonly width: number
}

interface Given {
  /** Columns before. */
  readonly width: number
}

/** NumPy's names of functions. */
const OF_NUMPY: Readonly<Record<string, PlainFunction>> = {
  ...Object.fromEntries(Object.keys(PLAIN_FUNCTIONS).map((name) => [name, name as PlainFunction])),
  absolute: 'abs',
}

/** A norm below 10 epsilon is taken for zero (sklearn/preprocessing/_data.py, _handle_zeros_in_scale). */
const ZERO_NORM = 10 * 2 ** -52

type Reader = (transformer: InertObject, given: Given, context: SkopsContext) => readonly Preparation[]

const READERS: Readonly<Record<string, Reader>> = {
  StandardScaler: (one, given) => [scale('subtract-divide', meansOf(one, given), numbersOr(one, 'scale_', given, 1))],
  RobustScaler: (one, given) => [
    scale('subtract-divide', numbersOr(one, 'center_', given, 0), numbersOr(one, 'scale_', given, 1)),
  ],
  MaxAbsScaler: (one, given) => [scale('subtract-divide', filled(given, 0), numbersOr(one, 'scale_', given, 1))],
  MinMaxScaler(one, given, context) {
    const step = scale('multiply-add', numbersOr(one, 'min_', given, 0), numbersOr(one, 'scale_', given, 1))
    if (optionalField(one, 'clip') !== true) return [step]
    const [least, most] = one.field('feature_range').items()
    if (least === undefined || most === undefined) throw notRead(one, context, 'with this feature_range')
    return [step, applied(given, { name: 'clip', least: least.number(), most: most.number() })]
  },
  Normalizer: (one, given) =>
    given.width === 0
      ? []
      : [{ kind: 'normalize', norm: one.field('norm').text() as 'l1' | 'l2' | 'max', precision: 'float64', least: ZERO_NORM }],
  Binarizer: (one, given) => [{ kind: 'binarize', thresholds: filled(given, one.field('threshold').number()) }],
  SimpleImputer: simpleImputer,
  OneHotEncoder(one, given, context) {
    return oneHotSteps(categoriesOf(one, given, context), groupsOf(one, given), droppedOf(one, given))
  },
  OrdinalEncoder(one, given, context) {
    if (optionalField(one, '_infrequent_enabled') === true) throw notRead(one, context, 'with infrequent categories')
    const [unknown, missing] = ['unknown_value', 'encoded_missing_value'].map((name) => optionalField(one, name) as number | null)
    const steps = ordinalSteps(categoriesOf(one, given, context), { unknown: unknown ?? null, missing: missing ?? Number.NaN })
    if (steps === undefined) throw notRead(one, context, 'with unknown_value=nan and another encoded_missing_value')
    return steps
  },
  FunctionTransformer(one, given, context) {
    if (!one.has('func') || context.ownFunctions) return []
    // A user's own is code; NumPy's are known by their names.
    const name = one.field('func').nameWithin('numpy')
    const known = name !== undefined && Object.hasOwn(OF_NUMPY, name) && !one.has('kw_args') ? OF_NUMPY[name] : undefined
    if (known === undefined) throw notRead(one, context, 'with a function')
    return given.width === 0 ? [] : [applied(given, { name: known })]
  },
  PowerTransformer: powerTransformer,
  PCA: components,
  IncrementalPCA: components,
  TruncatedSVD: components,
  ...Object.fromEntries(SELECTORS.map((name) => [name, selectedColumns])),
  PolynomialFeatures: polynomialFeatures,
  KBinsDiscretizer: kBinsDiscretizer,
  ColumnTransformer: columnTransformer,
  Pipeline: (one, given, context) => {
    let width = given.width
    return stepsOf(one).flatMap((step) => {
      const done = transform(step, { width }, context)
      width = done.width
      return done.steps
    })
  },
}

/** Throws InputError for a transformer that is not known, by its name. */
export function transform(transformer: InertObject, given: Given, context: SkopsContext): TransformedColumns {
  // 'passthrough', or None.
  if (transformer.className === 'str' || transformer.className === 'NoneType') return { steps: [], width: given.width }
  const reader = Object.hasOwn(READERS, transformer.className) ? READERS[transformer.className] : undefined
  if (reader === undefined) throw notRead(transformer, context)
  const steps = reader(transformer, given, context)
  return { steps, width: steps.reduce((width, step) => widthAfter(step, width), given.width) }
}

/** Name and estimator of each step. */
export function stepsOf(pipeline: InertObject): InertObject[] {
  return pipeline
    .field('steps')
    .items()
    .map((step) => {
      const estimator = step.items()[1]
      if (estimator === undefined) throw new InputError(`${step.where} is not a step of a pipeline; the file is damaged`)
      return estimator
    })
}

type ScaleForm = Extract<Preparation, { kind: 'scale' }>['form']

const scale = (form: ScaleForm, offset: Float64Array, factor: Float64Array): Preparation => {
  return { kind: 'scale', form, precision: 'float64', offset, factor }
}

const filled = ({ width }: Given, value: number): Float64Array => new Float64Array(width).fill(value)

const applied = ({ width }: Given, one: ElementFunction): Preparation => {
  return { kind: 'apply', precision: 'float64', functions: new Array<ElementFunction>(width).fill(one) }
}

/** sklearn/preprocessing/_data.py, PowerTransformer.transform */
function powerTransformer(one: InertObject, given: Given, context: SkopsContext): readonly Preparation[] {
  const name = one.field('method').text()
  if (name !== 'yeo-johnson' && name !== 'box-cox') throw notRead(one, context, `by ${name}`)
  const functions = Array.from(numbersOr(one, 'lambdas_', given, 1), (lambda) => ({ name, lambda }) as const)
  const step: Preparation = { kind: 'apply', precision: 'float64', functions }
  return [step, ...(optionalField(one, 'standardize') === false ? [] : transform(one.field('_scaler'), given, context).steps)]
}

/** As many as there are columns; `otherwise` where the transformer has none. */
function numbersOr(transformer: InertObject, name: string, given: Given, otherwise: number): Float64Array {
  if (!transformer.has(name)) return filled(given, otherwise)
  const found = transformer.field(name)
  // Constants that fill in are objects.
  const numbers = found.isList() ? Float64Array.from(found.items(), (one) => Number(one.plain())) : found.array().numbers
  if (numbers.length !== given.width)
    throw new InputError(
      `${transformer.where}.${name} has ${numbers.length} numbers for ${given.width} columns; the file is damaged`,
    )
  return numbers
}

/** They are stored even where they are not taken off. */
const meansOf = (scaler: InertObject, given: Given): Float64Array =>
  scaler.field('with_mean').plain() === false ? filled(given, 0) : numbersOr(scaler, 'mean_', given, 0)

/** (x − mean) · components, in one product; whitened: over the deviation of each. sklearn/decomposition/_base.py */
function components(one: InertObject, given: Given): readonly Preparation[] {
  const { shape, numbers } = one.field('components_').array()
  const [outputs = 0, inputs = 0] = shape
  if (outputs < 1 || inputs !== given.width)
    throw new InputError(`${one.where} has components of ${inputs} columns, not ${given.width}; the file is damaged`)
  const means = numbersOr(one, 'mean_', given, 0)
  const variances =
    optionalField(one, 'whiten') === true ? numbersOr(one, 'explained_variance_', { width: outputs }, 1) : undefined
  const deviations = variances?.map((one) => Math.max(Math.sqrt(one), 2 ** -52)) ?? filled({ width: outputs }, 1)
  const weights = numbers.map((weight, at) => weight / deviations[Math.floor(at / inputs)]!)
  const bias = deviations.map((_, k) => -means.reduce((sum, mean, i) => sum + mean * weights[k * inputs + i]!, 0))
  return [{ kind: 'project', precision: 'float64', at: 0, inputs, weights, bias }]
}

function simpleImputer(imputer: InertObject, given: Given, context: SkopsContext): readonly Preparation[] {
  const missing = imputer.has('missing_values') ? imputer.field('missing_values').plain() : Number.NaN
  if (typeof missing !== 'number') throw notRead(imputer, context, 'for missing values that are not numbers')
  const values = numbersOr(imputer, 'statistics_', given, Number.NaN)
  const hasIndicator = optionalField(imputer, 'add_indicator') === true && imputer.has('indicator_')
  const indicators = hasIndicator ? Int32Array.from(imputer.field('indicator_').field('features_').array().numbers) : undefined
  if (indicators?.some((column) => !(column >= 0 && column < given.width)))
    throw new InputError(`${imputer.where}: an indicator of a column that is not there; the file is damaged`)
  const step: Preparation = { kind: 'impute', missing, values, ...(indicators !== undefined && { indicators }) }
  // Columns that were never there in training are left out.
  const kept = [...values.keys()].filter((k) => !Number.isNaN(values[k]!))
  if (kept.length === values.length || optionalField(imputer, 'keep_empty_features') === true) return [step]
  const behind = Array.from(indicators ?? [], (_, k) => given.width + k)
  return [step, { kind: 'take', columns: Int32Array.from([...kept, ...behind]) }]
}

function categoriesOf(encoder: InertObject, given: Given, context: SkopsContext): Float64Array[] {
  const lists = encoder
    .field('categories_')
    .items()
    .map((one) => {
      const array = one.isArray() ? one.array() : undefined
      if (array === undefined || array.texts !== undefined) throw notRead(encoder, context, 'of texts')
      return array.numbers
    })
  if (lists.length !== given.width)
    throw new InputError(`${encoder.where} has categories of ${lists.length} columns, not ${given.width}; the file is damaged`)
  return lists
}

/** Groups by column, where rare categories share one place. */
function groupsOf(encoder: InertObject, given: Given): (CategoryGroup | undefined)[] {
  if (optionalField(encoder, '_infrequent_enabled') !== true) return []
  const takesUnknown = encoder.field('handle_unknown').text() !== 'ignore'
  return perColumn(encoder, '_default_to_infrequent_mappings', given).map((one) => {
    if (!one.isArray()) return undefined
    const { numbers: places } = one.array()
    return { places, otherwise: takesUnknown ? places.reduce((most, place) => Math.max(most, place), -1) : -1 }
  })
}

/** Places by column that have no zero or one; before 1.1 no categories were grouped. */
function droppedOf(encoder: InertObject, given: Given): (number | undefined)[] {
  const name = ['_drop_idx_after_grouping', 'drop_idx_'].find((one) => encoder.has(one))
  const list = name === undefined ? [] : perColumn(encoder, name, given)
  return list.map((one) => (one.isNone() ? undefined : one.number()))
}

function perColumn(encoder: InertObject, name: string, { width }: Given): InertObject[] {
  const list = encoder.field(name).items()
  if (list.length !== width)
    throw new InputError(`${encoder.where}.${name} is of ${list.length} columns, not ${width}; the file is damaged`)
  return list
}

function columnTransformer(transformer: InertObject, given: Given, context: SkopsContext): readonly Preparation[] {
  const weights = transformer.has('transformer_weights') ? transformer.field('transformer_weights') : undefined
  const parts = transformer
    .field('transformers_')
    .items()
    .map((one) => {
      const [name, inner, columns] = one.items()
      if (name === undefined || inner === undefined || columns === undefined)
        throw new InputError(`${one.where} is not a transformer of columns; the file is damaged`)
      return {
        inner,
        columns: indicesOf(transformer, name.text()) ?? columnsOf(columns, given, { transformer, context }),
        weight: weights?.has(name.text()) ? weights.field(name.text()).number() : 1,
      }
    })
  const used = parts.filter(
    ({ inner, columns }) => columns.length > 0 && !(inner.className === 'str' && inner.plain() === 'drop'),
  )
  const outside = used
    .flatMap(({ columns }) => columns)
    .find((column) => !(Number.isInteger(column) && column >= 0 && column < given.width))
  if (outside !== undefined)
    throw new InputError(`${transformer.where} has column ${outside} of ${given.width}; the file is damaged`)
  const joined = joinColumns(
    used.map(({ inner, columns, weight }) => {
      const { steps, width } = transform(inner, { width: columns.length }, context)
      const weighted = scale('multiply-add', filled({ width }, 0), filled({ width }, weight))
      return { columns, steps: weight === 1 ? steps : [...steps, weighted] }
    }),
  )
  if (!joined.ok) throw notRead(used[joined.part]!.inner, context, beside(joined.step))
  return joined.steps
}

/** What fitting made of names, slices and masks; undefined before 1.0. */
function indicesOf(transformer: InertObject, name: string): number[] | undefined {
  if (!transformer.has('_transformer_to_input_indices')) return undefined
  const all = transformer.field('_transformer_to_input_indices')
  return all.has(name)
    ? all
        .field(name)
        .items()
        .map((one) => one.number())
    : undefined
}

interface About {
  readonly transformer: InertObject
  readonly context: SkopsContext
}

/** Numbers, a slice, or booleans by column. Names need the frame that they are of. */
function columnsOf(columns: InertObject, { width }: Given, { transformer, context }: About): number[] {
  const slice = columns.slice()
  if (slice !== undefined) {
    const [start, stop, step] = slice
    return Array.from({ length: width }, (_, k) => k)
      .slice(start ?? 0, stop ?? undefined)
      .filter((_, k) => k % (step ?? 1) === 0)
  }
  const list = columns.isArray()
    ? asColumns(columns)
    : columns.isList()
      ? columns.items().map((one) => one.plain())
      : [columns.plain()]
  const numbers = list.every((one) => typeof one === 'boolean') ? list.flatMap((one, k) => (one === true ? [k] : [])) : list
  return numbers.map((one) => {
    if (typeof one !== 'number') throw notRead(transformer, context, 'over columns by name')
    const column = one < 0 ? one + width : one
    if (!Number.isInteger(column) || column < 0 || column >= width)
      throw new InputError(`${columns.where} has column ${one} of ${width}; the file is damaged`)
    return column
  })
}

/** A mask of booleans is one of ones and zeros, as long as the row; anything else is numbers of columns. */
function asColumns(columns: InertObject): unknown[] {
  const { numbers, texts, isBoolean } = columns.array()
  if (texts !== undefined) return [...texts]
  return isBoolean ? Array.from(numbers, (one) => one === 1) : [...numbers]
}

const beside = ({ kind }: Preparation): string =>
  kind === 'impute' ? 'with indicators, before other columns,' : 'beside other transformers'
