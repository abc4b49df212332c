// Functions of whole columns, as nodes: runs of columns of one form together.
import { binary, cast, clip, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat } from '@whyslow/graph/builder/shapes.ts'
import { type ElementFunction, isLogarithm } from '@whyslow/graph/forest/element-functions.ts'
import type { Precision, Preparation } from '@whyslow/graph/forest/types.ts'
import { isNan } from '../tensorflow/functions.ts'
import { numbers, takeColumns } from './row-values.ts'
import { logistic } from './write-transforms.ts'

/** Each column as its function gives it; columns without one stay. */
export function applyFunctions(
  builder: GraphBuilder,
  { precision, functions }: Extract<Preparation, { kind: 'apply' }>,
  value: Value,
): Value {
  const x = cast(builder, value, precision)
  const forms = functions.map(formOf)
  const parts: Value[] = []
  for (let from = 0, to = 0; from < functions.length; from = to) {
    while (to < functions.length && forms[to] === forms[from]) to++
    const columns = from === 0 && to === functions.length ? x : takeColumns(builder, x, range(from, to))
    const first = functions[from]
    parts.push(first === undefined ? columns : apply({ builder, precision }, first, functions.slice(from, to), columns))
  }
  return concat(builder, parts, 1)
}

/** Columns of one form differ in the lambda alone. */
function formOf(one: ElementFunction | undefined, at: number): string {
  if (one === undefined) return ''
  if (one.name === 'clip') return `clip ${one.least} ${one.most}`
  // Each has points of its own.
  if (one.name === 'interpolate') return `interpolate ${at}`
  return 'lambda' in one ? `${one.name} ${isLogarithm(one.lambda)} ${isLogarithm(2 - one.lambda)}` : one.name
}

interface Writer {
  readonly builder: GraphBuilder
  readonly precision: Precision
}

function apply(writer: Writer, first: ElementFunction, all: readonly (ElementFunction | undefined)[], x: Value): Value {
  const { builder } = writer
  const lambdas = (of: (lambda: number) => number): number[] => all.map((one) => of(one && 'lambda' in one ? one.lambda : 0))
  switch (first.name) {
    case 'clip':
      return clip(builder, x, first.least, first.most)
    case 'box-cox':
      return power(
        writer,
        lambdas((one) => one),
        unary(builder, 'Log', x),
      )
    case 'yeo-johnson': {
      const above = lambdas((one) => one)
      const below = lambdas((one) => 2 - one)
      const minus = unary(builder, 'Neg', power(writer, below, log1p(builder, unary(builder, 'Neg', x))))
      return where(builder, withNumber(builder, 'Less', x, 0), minus, power(writer, above, log1p(builder, x)))
    }
    case 'interpolate':
      return interpolate(writer, first, x)
    case 'logistic':
      return logistic(builder, x, 1)
    case 'abs':
      return unary(builder, 'Abs', x)
    case 'square':
      return binary(builder, 'Mul', x, x)
    case 'exp':
      return unary(builder, 'Exp', x)
    case 'expm1':
      return withNumber(builder, 'Sub', unary(builder, 'Exp', x), 1)
    case 'sqrt':
      return unary(builder, 'Sqrt', x)
    case 'log1p':
      return log1p(builder, x)
    case 'log':
      return unary(builder, 'Log', x)
    case 'log2':
      return withNumber(builder, 'Div', unary(builder, 'Log', x), Math.LN2)
    case 'log10':
      return withNumber(builder, 'Div', unary(builder, 'Log', x), Math.LN10)
  }
}

/** (e^(lambda · logarithm) − 1) / lambda, by column; the logarithm where lambda is 0, which all columns of a form share. */
function power({ builder, precision }: Writer, lambdas: readonly number[], logarithm: Value): Value {
  if (isLogarithm(lambdas[0]!)) return logarithm
  const row = numbers(builder, precision, [lambdas.length], lambdas)
  const raised = unary(builder, 'Exp', binary(builder, 'Mul', logarithm, row))
  return binary(builder, 'Div', withNumber(builder, 'Sub', raised, 1), row)
}

/** The logarithm of 1 + x as exact near 0 as elsewhere: log(u) · x / (u − 1) takes back what rounding u = 1 + x lost (W. Kahan). */
function log1p(builder: GraphBuilder, x: Value): Value {
  const u = withNumber(builder, 'Add', x, 1)
  const rest = withNumber(builder, 'Sub', u, 1)
  const isLost = withNumber(builder, 'Equal', rest, 0)
  const part = binary(builder, 'Div', x, where(builder, isLost, u, rest))
  return where(builder, isLost, x, binary(builder, 'Mul', unary(builder, 'Log', u), part))
}

/** The value at the first point, and what each stretch between two points adds to it. */
function interpolate(
  { builder, precision }: Writer,
  { x: at, y }: Extract<ElementFunction, { name: 'interpolate' }>,
  x: Value,
): Value {
  const row = (values: ArrayLike<number>) => numbers(builder, precision, [values.length], values)
  const lengths = at.slice(1).map((one, k) => one - at[k]!)
  const slopes = lengths.map((one, k) => (y[k + 1]! - y[k]!) / one)
  if (lengths.length === 0) return where(builder, isNan(builder, x), x, scalar(builder, precision, y[0]!))
  const ways = clip(builder, binary(builder, 'Sub', x, row(at.subarray(0, -1))), 0, undefined)
  const within = binary(builder, 'Min', ways, row(lengths))
  const sum = reduce(builder, 'ReduceSum', binary(builder, 'Mul', within, row(slopes)), { axes: [1], keepDims: true })
  return withNumber(builder, 'Add', sum, y[0]!)
}
