// What a pipeline does to a row before its model, as nodes.

import { widthAfter } from '@whyslow/graph/forest/prepare.ts'
import type { MappedColumn, Precision, Preparation } from '@whyslow/graph/forest/types.ts'
import { int64s } from '../build/constant-data.ts'
import type { GraphBuilder, Value } from '../build/graph-builder.ts'

/** ONNX's numbers for element types. */
const CAST_TO: Readonly<Record<Precision, number>> = { float32: 1, float64: 11 }

/** The value in this type; itself where it has it. */
export function cast(builder: GraphBuilder, value: Value, to: Precision): Value {
  return value.dtype === to ? value : builder.op('Cast', [value], { dtype: to, shape: value.shape }, { to: CAST_TO[to] })
}

/** Numbers as a constant of this type. */
export function numbers(builder: GraphBuilder, dtype: Precision, shape: readonly number[], values: ArrayLike<number>): Value {
  const data = dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
  return builder.constant({ dtype, shape, data }, 'numbers')
}

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
      return take(builder, value, step.columns)
    case 'one-hot':
      return byColumn(builder, value, step, (column, k) => oneHot(builder, column, step.categories[k]))
    case 'ordinal':
      return byColumn(builder, value, step, (column, k) => ordinal(builder, column, step.categories[k], step.unknown))
    case 'map':
      return byColumn(builder, value, { ...step, categories: step.columns.map((one) => one?.keys) }, (column, k) =>
        mapped(builder, column, step.columns[k]!),
      )
    case 'normalize':
      return normalize(builder, step, value)
    case 'binarize':
      return binarize(builder, step, value)
  }
}

function scale(builder: GraphBuilder, { form, precision, offset, factor }: Step<'scale'>, value: Value): Value {
  const x = cast(builder, value, precision)
  const row = (values: Float64Array) => numbers(builder, precision, [values.length], values)
  if (form === 'multiply-add') return builder.op('Add', [builder.op('Mul', [x, row(factor)], x), row(offset)], x)
  const moved = offset.every((one) => one === 0) ? x : builder.op('Sub', [x, row(offset)], x)
  if (factor.every((one) => one === 1)) return moved
  return builder.op(form === 'subtract-divide' ? 'Div' : 'Mul', [moved, row(factor)], x)
}

function impute(builder: GraphBuilder, { missing, values, indicators }: Step<'impute'>, value: Value): Value {
  const precision = value.dtype as Precision
  const isMissing = (of: Value) =>
    Number.isNaN(missing)
      ? builder.op('IsNaN', [of], { dtype: 'bool', shape: of.shape })
      : builder.op('Equal', [of, numbers(builder, precision, [], [missing])], { dtype: 'bool', shape: of.shape })
  const filled = builder.op('Where', [isMissing(value), numbers(builder, precision, [values.length], values), value], value)
  if (indicators === undefined || indicators.length === 0) return filled
  const flags = isMissing(take(builder, value, indicators))
  const asNumbers = builder.op('Cast', [flags], { dtype: precision, shape: flags.shape }, { to: CAST_TO[precision] })
  return concat(builder, [filled, asNumbers])
}

/** These columns, in this order. */
export function take(builder: GraphBuilder, value: Value, columns: ArrayLike<number>): Value {
  const indices = builder.constant(int64s(Array.from(columns)), 'columns')
  return builder.op('Gather', [value, indices], { dtype: value.dtype, shape: [value.shape[0]!, columns.length] }, { axis: 1 })
}

/** Values of the same type side by side. */
export function concat(builder: GraphBuilder, values: readonly Value[]): Value {
  if (values.length === 1) return values[0]!
  const width = values.reduce((sum, { shape }) => sum + Number(shape[1]), 0)
  return builder.op('Concat', values, { dtype: values[0]!.dtype, shape: [values[0]!.shape[0]!, width] }, { axis: 1 })
}

/** Runs of columns that stay go together. */
function byColumn(
  builder: GraphBuilder,
  value: Value,
  step: Step<'one-hot'> | Step<'ordinal'> | (Step<'map'> & Pick<Step<'ordinal'>, 'categories'>),
  change: (column: Value, k: number) => Value,
): Value {
  const parts: Value[] = []
  let kept: number[] = []
  const flush = () => {
    if (kept.length > 0) parts.push(take(builder, value, kept))
    kept = []
  }
  for (const [k, categories] of step.categories.entries()) {
    if (categories === undefined) {
      kept.push(k)
      continue
    }
    flush()
    parts.push(change(take(builder, value, [k]), k))
  }
  flush()
  const result = concat(builder, parts)
  return { ...result, shape: [value.shape[0]!, widthAfter(step, step.categories.length)] }
}

function isOneOf(builder: GraphBuilder, column: Value, categories: Float64Array): Value {
  const precision = column.dtype as Precision
  const all = numbers(builder, precision, [categories.length], categories)
  const equal = builder.op('Equal', [column, all], { dtype: 'bool', shape: [column.shape[0]!, categories.length] })
  return builder.op('Cast', [equal], { dtype: precision, shape: equal.shape }, { to: CAST_TO[precision] })
}

const oneHot = (builder: GraphBuilder, column: Value, categories: Float64Array | undefined): Value =>
  isOneOf(builder, column, categories ?? new Float64Array(0))

/** Its place by one multiplication with 0, 1, 2 …; none of them: `unknown`; NaN stays. */
function ordinal(builder: GraphBuilder, column: Value, categories: Float64Array | undefined, unknown: number): Value {
  const precision = column.dtype as Precision
  const list = categories ?? new Float64Array(0)
  const flags = isOneOf(builder, column, list)
  const shape = [column.shape[0]!, 1]
  const places = numbers(
    builder,
    precision,
    [list.length, 1],
    list.map((_, k) => k),
  )
  const place = builder.op('MatMul', [flags, places], { dtype: precision, shape })
  const ones = numbers(
    builder,
    precision,
    [list.length, 1],
    list.map(() => 1),
  )
  const known = builder.op('MatMul', [flags, ones], { dtype: precision, shape })
  const isKnown = builder.op('Greater', [known, numbers(builder, precision, [], [0])], { dtype: 'bool', shape })
  const result = builder.op('Where', [isKnown, place, numbers(builder, precision, [], [unknown])], { dtype: precision, shape })
  const isMissing = builder.op('IsNaN', [column], { dtype: 'bool', shape })
  return builder.op('Where', [isMissing, column, result], result)
}

/** One choice for each key. */
function mapped(builder: GraphBuilder, column: Value, { keys, values, otherwise }: MappedColumn): Value {
  const precision = column.dtype as Precision
  const number = (value: number) => numbers(builder, precision, [], [value])
  return keys.reduce((rest, key, at) => {
    const isKey = builder.op('Equal', [column, number(key)], { dtype: 'bool', shape: column.shape })
    return builder.op('Where', [isKey, number(values[at]!), rest], column)
  }, number(otherwise) as Value)
}

function normalize(builder: GraphBuilder, { norm, precision, least }: Step<'normalize'>, value: Value): Value {
  const x = cast(builder, value, precision)
  const size = { dtype: precision, shape: [x.shape[0]!, 1] } as const
  const axes = builder.ints([1])
  const norms = {
    l1: () => builder.op('ReduceSum', [builder.op('Abs', [x], x), axes], size),
    l2: () => builder.op('Sqrt', [builder.op('ReduceSum', [builder.op('Mul', [x, x], x), axes], size)], size),
    max: () => builder.op('ReduceMax', [builder.op('Abs', [x], x)], size, { axes: [1] }),
  }
  const length = norms[norm]()
  const isZero = builder.op('LessOrEqual', [length, numbers(builder, precision, [], [least])], {
    dtype: 'bool',
    shape: size.shape,
  })
  return builder.op('Div', [x, builder.op('Where', [isZero, numbers(builder, precision, [], [1]), length], size)], x)
}

function binarize(builder: GraphBuilder, { thresholds }: Step<'binarize'>, value: Value): Value {
  const precision = value.dtype as Precision
  const limits = numbers(builder, precision, [thresholds.length], thresholds)
  const above = builder.op('Greater', [value, limits], { dtype: 'bool', shape: value.shape })
  return builder.op('Cast', [above], value, { to: CAST_TO[precision] })
}
