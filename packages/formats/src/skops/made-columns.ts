// Transformers that make other columns of numbers: products of them, and bins that they fall into.
// sklearn/preprocessing/_polynomial.py, _discretization.py
import { oneHotSteps } from '@whyslow/graph/forest/encoders.ts'
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { notRead, optionalField, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'

interface Given {
  readonly width: number
}

/** More products than that are no row of a service, and a damaged file may claim any number. */
const MOST_PRODUCTS = 20_000

/** Products of one column up to as many as the degree says, by degree and then by the place of the first, the second … */
export function polynomialFeatures(one: InertObject, { width }: Given, context: SkopsContext): readonly Preparation[] {
  const least = Math.max(1, Number(optionalField(one, '_min_degree') ?? 0))
  const most = Number(optionalField(one, '_max_degree') ?? optionalField(one, 'degree'))
  const isOnce = optionalField(one, 'interaction_only') === true
  const factors: Int32Array[] = optionalField(one, 'include_bias') === false ? [] : [new Int32Array(0)]
  const extend = (columns: readonly number[], missing: number): void => {
    if (factors.length > MOST_PRODUCTS) throw notRead(one, context, 'of so many products')
    // scikit-learn multiplies by the first at last.
    if (missing === 0) factors.push(Int32Array.from(columns.toReversed()))
    else
      for (let k = (columns.at(-1) ?? 0) + (isOnce && columns.length > 0 ? 1 : 0); k < width; k++)
        extend([...columns, k], missing - 1)
  }
  for (let degree = least; degree <= Math.min(most, isOnce ? width : DEEPEST); degree++) extend([], degree)
  if (factors.length === 0 || !(most <= DEEPEST)) throw notRead(one, context, 'of this degree')
  return [{ kind: 'products', precision: 'float64', at: 0, inputs: width, factors }]
}

const DEEPEST = 20

/** The outer edges are open. */
export function kBinsDiscretizer(one: InertObject, { width }: Given, context: SkopsContext): readonly Preparation[] {
  const edges = one
    .field('bin_edges_')
    .items()
    .map((list) => list.array().numbers.slice(1, -1))
  if (edges.length !== width)
    throw new InputError(`${one.where} has bins of ${edges.length} columns, not ${width}; the file is damaged`)
  const bins: Preparation = { kind: 'bins', edges }
  const encode = one.field('encode').text()
  if (encode === 'ordinal') return [bins]
  if (encode !== 'onehot' && encode !== 'onehot-dense') throw notRead(one, context, `with encode='${encode}'`)
  return [bins, ...oneHotSteps(edges.map((list) => Float64Array.from({ length: list.length + 1 }, (_, bin) => bin)))]
}
