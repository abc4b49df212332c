// scikit-learn's encoders as steps on a row: NaN may be one of their categories, and equality finds no NaN.
// sklearn/preprocessing/_encoders.py
import type { Preparation } from './types.ts'

/** What stands for NaN as a category: the least number of single precision, which rows do not hold. */
export const MISSING_CATEGORY = -3.4028234663852886e38

/** Rare categories that share one place: the place of each, and of a number that is none of them (−1: it has none). */
export interface CategoryGroup {
  readonly places: Float64Array
  readonly otherwise: number
}

/** Columns become as many zeros and ones as they have categories, or groups of them; `dropped`: the place, by column, that has no zero or one. */
export function oneHotSteps(
  categories: readonly Float64Array[],
  groups: readonly (CategoryGroup | undefined)[] = [],
  dropped: readonly (number | undefined)[] = [],
): Preparation[] {
  const found = categories.map((known) => known.map((one) => (Number.isNaN(one) ? MISSING_CATEGORY : one)))
  const columns = found.map((keys, k) => groups[k] && { keys, values: groups[k].places, otherwise: groups[k].otherwise })
  const shown = found.map((known, k) => {
    const count = groups[k] === undefined ? 0 : 1 + groups[k].places.reduce((most, one) => Math.max(most, one), -1)
    return groups[k] === undefined ? known : Float64Array.from({ length: count }, (_, place) => place)
  })
  return [
    ...imputed(categories.map((known) => (hasMissing(known) ? MISSING_CATEGORY : Number.NaN))),
    ...(columns.every((one) => one === undefined) ? [] : [{ kind: 'map', columns } as const]),
    { kind: 'one-hot', categories: shown.map((known, k) => known.filter((_, place) => place !== dropped[k])) },
  ]
}

/**
 * Columns become the places of their categories: `unknown` for any other number (null: there is none), `missing` for NaN if it is a category.
 * undefined: no steps are known that tell the two apart.
 */
export function ordinalSteps(
  categories: readonly Float64Array[],
  { unknown, missing }: { readonly unknown: number | null; readonly missing: number },
): Preparation[] | undefined {
  const otherwise = unknown ?? Number.NaN
  const values = categories.map((known) => (hasMissing(known) ? missing : otherwise))
  // If nothing may be unknown, no number becomes NaN.
  if (unknown !== null && Number.isNaN(unknown) && !values.every(Number.isNaN)) return undefined
  return [{ kind: 'ordinal', categories, unknown: otherwise }, ...imputed(values)]
}

const hasMissing = (known: Float64Array): boolean => known.some(Number.isNaN)

/** A step by which NaN becomes the value of its column; NaN: it stays. */
const imputed = (values: readonly number[]): Preparation[] =>
  values.every(Number.isNaN) ? [] : [{ kind: 'impute', missing: Number.NaN, values: Float64Array.from(values) }]
