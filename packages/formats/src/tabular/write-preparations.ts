// What a pipeline does to a row before its model, as nodes.

import { binary, cast, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat } from '@whyslow/graph/builder/shapes.ts'
import { widthAfter } from '@whyslow/graph/forest/prepare.ts'
import type { MappedColumn, Precision, Preparation } from '@whyslow/graph/forest/types.ts'
import { isNan } from '../tensorflow/functions.ts'
import { matmul } from '../tensorflow/products.ts'
import { numbers, takeColumns } from './row-values.ts'
import { applyFunctions } from './write-functions.ts'

export function writePreparations(builder: GraphBuilder, steps: readonly Preparation[], input: Value): Value {
  return steps.reduce((value, step) => write(builder, step, value), input)
}

type Step<Kind extends Preparation['kind']> = Extract<Preparation, { readonly kind: Kind }>

function write(builder: GraphBuilder, step: Preparation, value: Value): Value {
  switch (step.kind) {
    case 'round':
      return cast(builder, value, 'float32')
    case 'scale':
      return scale(builder, step, value)
    case 'impute':
      return impute(builder, step, value)
    case 'take':
      return takeColumns(builder, value, step.columns)
    case 'one-hot':
      return byColumn(builder, value, step, (column, k) => oneHot(builder, column, step.categories[k]))
    case 'ordinal':
      return byColumn(builder, value, step, (column, k) => ordinal(builder, column, step.categories[k], step.unknown))
    case 'map':
      return byColumn(builder, value, { ...step, categories: step.columns.map((one) => one?.keys) }, (column, k) =>
        mapped(builder, column, step.columns[k]!),
      )
    case 'bins':
      return byColumn(builder, value, { ...step, categories: step.edges }, (column, k) => bins(builder, column, step.edges[k]!))
    case 'normalize':
      return normalize(builder, step, value)
    case 'binarize':
      return binarize(builder, step, value)
    case 'apply':
      return applyFunctions(builder, step, value)
    case 'products':
      return replaced(builder, step, value, (columns) => products(builder, step, columns))
    case 'project':
      return replaced(builder, step, value, (columns) => dense(builder, columns, { ...step, outputs: step.bias.length }))
  }
}

function scale(builder: GraphBuilder, { form, precision, offset, factor }: Step<'scale'>, value: Value): Value {
  const x = cast(builder, value, precision)
  const row = (values: Float64Array) => numbers(builder, precision, [values.length], values)
  if (form === 'multiply-add') return binary(builder, 'Add', binary(builder, 'Mul', x, row(factor)), row(offset))
  const moved = offset.every((one) => one === 0) ? x : binary(builder, 'Sub', x, row(offset))
  if (factor.every((one) => one === 1)) return moved
  return binary(builder, form === 'subtract-divide' ? 'Div' : 'Mul', moved, row(factor))
}

function impute(builder: GraphBuilder, { missing, values, indicators }: Step<'impute'>, value: Value): Value {
  const precision = value.dtype as Precision
  const isMissing = (of: Value) => (Number.isNaN(missing) ? isNan(builder, of) : withNumber(builder, 'Equal', of, missing))
  const filled = where(builder, isMissing(value), numbers(builder, precision, [values.length], values), value)
  if (indicators === undefined || indicators.length === 0) return filled
  const flags = isMissing(takeColumns(builder, value, indicators))
  return concat(builder, [filled, cast(builder, flags, precision)], 1)
}

/** The row with what is made of its columns at … at + inputs. */
function replaced(
  builder: GraphBuilder,
  { at, inputs }: Step<'project'> | Step<'products'>,
  value: Value,
  change: (columns: Value) => Value,
): Value {
  const width = Number(value.shape[1])
  if (inputs === width) return change(value)
  const part = (from: number, to: number) => (from === to ? [] : [takeColumns(builder, value, range(from, to))])
  return concat(
    builder,
    [...part(0, at), change(takeColumns(builder, value, range(at, at + inputs))), ...part(at + inputs, width)],
    1,
  )
}

/** Those of equally many factors together. */
function products(builder: GraphBuilder, { factors }: Step<'products'>, value: Value): Value {
  const parts: Value[] = []
  for (let from = 0, to = 0; from < factors.length; from = to) {
    const { length } = factors[from]!
    while (factors[to]?.length === length) to++
    const nth = (at: number) =>
      takeColumns(
        builder,
        value,
        factors.slice(from, to).map((list) => list[at]!),
      )
    parts.push(
      length === 0
        ? ones(builder, value, to - from)
        : range(1, length)
            .map(nth)
            .reduce((a, b) => binary(builder, 'Mul', a, b), nth(0)),
    )
  }
  return concat(builder, parts, 1)
}

/** As many columns of ones, whatever the row holds. */
function ones(builder: GraphBuilder, value: Value, count: number): Value {
  const one = scalar(builder, value.dtype, 1)
  return where(builder, isNan(builder, takeColumns(builder, value, new Array<number>(count).fill(0))), one, one)
}

interface Dense {
  readonly inputs: number
  readonly outputs: number
  readonly weights: Float64Array
  readonly bias: Float64Array
}

/** A layer's sums. */
export function dense(builder: GraphBuilder, value: Value, { inputs, outputs, weights, bias }: Dense): Value {
  const precision = value.dtype as Precision
  const matrix = numbers(builder, precision, [outputs, inputs], weights)
  return builder.op(
    'Gemm',
    [value, matrix, numbers(builder, precision, [outputs], bias)],
    { dtype: precision, shape: [value.shape[0]!, outputs] },
    { transB: 1 },
  )
}

/** Runs of columns that stay go together. */
function byColumn(
  builder: GraphBuilder,
  value: Value,
  step: Step<'one-hot'> | Step<'ordinal'> | ((Step<'map'> | Step<'bins'>) & Pick<Step<'ordinal'>, 'categories'>),
  change: (column: Value, k: number) => Value,
): Value {
  const parts: Value[] = []
  let kept: number[] = []
  const flush = () => {
    if (kept.length > 0) parts.push(takeColumns(builder, value, kept))
    kept = []
  }
  for (const [k, categories] of step.categories.entries()) {
    if (categories === undefined) {
      kept.push(k)
      continue
    }
    flush()
    parts.push(change(takeColumns(builder, value, [k]), k))
  }
  flush()
  const result = concat(builder, parts, 1)
  return { ...result, shape: [value.shape[0]!, widthAfter(step, step.categories.length)] }
}

function isOneOf(builder: GraphBuilder, column: Value, categories: Float64Array): Value {
  const precision = column.dtype as Precision
  const all = numbers(builder, precision, [categories.length], categories)
  return cast(builder, binary(builder, 'Equal', column, all), precision)
}

const oneHot = (builder: GraphBuilder, column: Value, categories: Float64Array | undefined): Value =>
  isOneOf(builder, column, categories ?? new Float64Array(0))

/** Its place by one multiplication with 0, 1, 2 …; none of them: `unknown`; NaN stays. */
function ordinal(builder: GraphBuilder, column: Value, categories: Float64Array | undefined, unknown: number): Value {
  const precision = column.dtype as Precision
  const list = categories ?? new Float64Array(0)
  const flags = isOneOf(builder, column, list)
  const summed = (weights: Float64Array) => matmul(builder, flags, numbers(builder, precision, [list.length, 1], weights))
  const place = summed(list.map((_, k) => k))
  const isKnown = withNumber(builder, 'Greater', summed(list.map(() => 1)), 0)
  return where(builder, isNan(builder, column), column, where(builder, isKnown, place, scalar(builder, precision, unknown)))
}

function bins(builder: GraphBuilder, column: Value, edges: Float64Array): Value {
  if (edges.length === 0) return where(builder, isNan(builder, column), column, scalar(builder, column.dtype, 0))
  const above = binary(builder, 'GreaterOrEqual', column, numbers(builder, column.dtype as Precision, [edges.length], edges))
  const count = reduce(builder, 'ReduceSum', cast(builder, above, column.dtype), { axes: [1], keepDims: true })
  return where(builder, isNan(builder, column), column, count)
}

/** One choice for each key. */
function mapped(builder: GraphBuilder, column: Value, { keys, values, otherwise }: MappedColumn): Value {
  const number = (value: number) => scalar(builder, column.dtype, value)
  return keys.reduce<Value>(
    (rest, key, at) => where(builder, binary(builder, 'Equal', column, number(key)), number(values[at]!), rest),
    number(otherwise),
  )
}

function normalize(builder: GraphBuilder, { norm, precision, least }: Step<'normalize'>, value: Value): Value {
  const x = cast(builder, value, precision)
  const over = { axes: [1], keepDims: true }
  const norms = {
    l1: () => reduce(builder, 'ReduceSum', unary(builder, 'Abs', x), over),
    l2: () => unary(builder, 'Sqrt', reduce(builder, 'ReduceSum', binary(builder, 'Mul', x, x), over)),
    max: () => reduce(builder, 'ReduceMax', unary(builder, 'Abs', x), over),
  }
  const length = norms[norm]()
  const isZero = withNumber(builder, 'LessOrEqual', length, least)
  return binary(builder, 'Div', x, where(builder, isZero, scalar(builder, precision, 1), length))
}

function binarize(builder: GraphBuilder, { thresholds }: Step<'binarize'>, value: Value): Value {
  const precision = value.dtype as Precision
  const limits = numbers(builder, precision, [thresholds.length], thresholds)
  return cast(builder, binary(builder, 'Greater', value, limits), precision)
}
