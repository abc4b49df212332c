// Numeric features of a CatBoost model: where each stands in the row, and what a missing value of it is. What is not numeric is refused by
// name: its numbers come from tables of hashes that the row alone does not give.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DocumentRecord } from '../tabular/record.ts'
import { MOST_FEATURES } from '../tabular/tabular-model.ts'

/** What NaN is taken for. 'as-is': no comparison with it holds. */
export type MissingValues = 'as-is' | 'lowest' | 'highest'

export interface Features {
  /** Number of features in the row, all numeric. */
  readonly count: number
  readonly names?: readonly string[]
  /** Each column's place in the row, and what NaN is; indexed by float_feature_index. */
  readonly columns: readonly { readonly column: number; readonly missing: MissingValues }[]
}

const OTHER_KINDS: readonly (readonly [string, string])[] = [
  ['categorical_features', 'categorical features'],
  ['text_features', 'text features'],
  ['embedding_features', 'embedding features'],
  ['ctrs', 'counters of categories (CTRs)'],
]

/** Throws InputError if the model has features of another kind. */
export function numericFeatures(info: DocumentRecord, file: string): Features {
  for (const [key, says] of OTHER_KINDS) {
    if (info.has(key) && info.list(key).length > 0)
      throw new InputError(
        `${file} has ${says}, which are not read: only CatBoost models over numeric features are; encode the categories before training, or keep the model in CatBoost`,
      )
  }
  const listed = info.has('float_features') ? info.records('float_features') : []
  const columns: { column: number; missing: MissingValues }[] = []
  let count = 0
  const names: string[] = []
  for (const feature of listed) {
    const index = feature.count('feature_index', MOST_FEATURES - 1)
    const column = feature.has('flat_feature_index') ? feature.count('flat_feature_index', MOST_FEATURES - 1) : index
    columns[index] = { column, missing: missingOf(feature) }
    count = Math.max(count, column + 1)
    const name = feature.raw('feature_name') ?? feature.raw('feature_id')
    if (typeof name === 'string') names[column] = name
  }
  const isNamed =
    names.length === count && Object.keys(names).length === count && names.some((name, k) => name !== '' && name !== String(k))
  return { count, columns, ...(isNamed && { names }) }
}

function missingOf(feature: DocumentRecord): MissingValues {
  const treatment = feature.raw('nan_value_treatment')
  if (feature.raw('has_nans') === false) return 'as-is'
  if (treatment === 'AsFalse') return 'lowest'
  return treatment === 'AsTrue' ? 'highest' : 'as-is'
}
