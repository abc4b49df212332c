// What a pipeline does to a row before its model sees it.
import { appliedTo } from './element-functions.ts'
import { rounding } from './rounding.ts'
import type { Preparation } from './types.ts'

/** The row after all steps, in order. */
export function prepareRow(steps: readonly Preparation[], row: Float64Array): Float64Array {
  let values = row
  for (const step of steps) values = prepared(step, values)
  return values
}

/** How many numbers a row has after a step that is given `width` of them. */
export function widthAfter(step: Preparation, width: number): number {
  switch (step.kind) {
    case 'take':
      return step.columns.length
    case 'one-hot':
      return step.categories.reduce((sum, categories) => sum + (categories?.length ?? 1), 0)
    case 'impute':
      return width + (step.indicators?.length ?? 0)
    case 'project':
      return width - step.inputs + step.bias.length
    case 'products':
      return width - step.inputs + step.factors.length
    default:
      return width
  }
}

function prepared(step: Preparation, row: Float64Array): Float64Array {
  switch (step.kind) {
    case 'round':
      return row.map(Math.fround)
    case 'scale':
      return scaled(step, row)
    case 'impute':
      return imputed(step, row)
    case 'take':
      return Float64Array.from(step.columns, (column) => row[column]!)
    case 'one-hot':
      return Float64Array.from(
        step.categories.flatMap((categories, k) =>
          categories === undefined
            ? [row[k]!]
            : Array.from(categories, (one) => (one === (step.whole ? Math.trunc(row[k]!) : row[k]) ? 1 : 0)),
        ),
      )
    case 'ordinal':
      return row.map((x, k) => {
        const categories = step.categories[k]
        if (categories === undefined || Number.isNaN(x)) return x
        const place = categories.indexOf(x)
        return place < 0 ? step.unknown : place
      })
    case 'map':
      return row.map((x, k) => {
        const column = step.columns[k]
        return column === undefined ? x : (column.values[column.keys.indexOf(x)] ?? column.otherwise)
      })
    case 'bins':
      return row.map((x, k) => (Number.isNaN(x) ? x : (step.edges[k]?.filter((edge) => edge <= x).length ?? x)))
    case 'normalize':
      return normalized(step, row)
    case 'binarize':
      return row.map((x, k) => (x > step.thresholds[k]! ? 1 : 0))
    case 'apply':
      return applied(step, row)
    case 'project':
      return replaced(step, row, projected(step, row))
    case 'products':
      return replaced(step, row, multiplied(step, row))
  }
}

type Step<Kind extends Preparation['kind']> = Extract<Preparation, { readonly kind: Kind }>

function scaled({ form, precision, offset, factor }: Step<'scale'>, row: Float64Array): Float64Array {
  const round = rounding(precision)
  return row.map((x, k) => {
    if (form === 'multiply-add') return round(round(x * factor[k]!) + offset[k]!)
    const moved = round(x - offset[k]!)
    return form === 'subtract-divide' ? round(moved / factor[k]!) : round(moved * factor[k]!)
  })
}

function applied({ precision, functions }: Step<'apply'>, row: Float64Array): Float64Array {
  const round = rounding(precision)
  return row.map((x, k) => {
    const one = functions[k]
    return one === undefined ? x : round(appliedTo(one, round(x)))
  })
}

function imputed({ missing, values, indicators }: Step<'impute'>, row: Float64Array): Float64Array {
  const isMissing = (x: number) => (Number.isNaN(missing) ? Number.isNaN(x) : x === missing)
  const filled = row.map((x, k) => (isMissing(x) && !Number.isNaN(values[k]!) ? values[k]! : x))
  if (indicators === undefined) return filled
  return Float64Array.from([...filled, ...Array.from(indicators, (k) => (isMissing(row[k]!) ? 1 : 0))])
}

/** The row with what its columns at … at + inputs become. */
function replaced({ at, inputs }: Step<'project'> | Step<'products'>, row: Float64Array, made: Float64Array): Float64Array {
  const result = new Float64Array(row.length - inputs + made.length)
  result.set(row.subarray(0, at))
  result.set(made, at)
  result.set(row.subarray(at + inputs), at + made.length)
  return result
}

function projected({ precision, at, inputs, weights, bias }: Step<'project'>, row: Float64Array): Float64Array {
  const round = rounding(precision)
  return bias.map((first, k) => {
    let sum = first
    for (let i = 0; i < inputs; i++) sum = round(sum + round(weights[k * inputs + i]! * row[at + i]!))
    return sum
  })
}

function multiplied({ precision, at, factors }: Step<'products'>, row: Float64Array): Float64Array {
  const round = rounding(precision)
  return Float64Array.from(factors, (list) => list.reduce((product, i) => round(product * row[at + i]!), 1))
}

function normalized({ norm, precision, least }: Step<'normalize'>, row: Float64Array): Float64Array {
  const round = rounding(precision)
  let size = 0
  for (const x of row) {
    if (norm === 'max') size = Math.max(size, Math.abs(x))
    else size = round(size + round(norm === 'l1' ? Math.abs(x) : x * x))
  }
  if (norm === 'l2') size = round(Math.sqrt(size))
  return size === 0 || size < least ? row : row.map((x) => round(x / size))
}
