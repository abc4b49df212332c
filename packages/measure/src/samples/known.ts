// What a model's own file, and the files next to it, tell of the values of an input.
import type { Rows } from './columns.ts'
import type { StoredScale } from './stored-scale.ts'
import type { TokenIds } from './vocabulary.ts'

export interface KnownValues {
  /** The file's and the graph's names, which often say what the model is for. */
  readonly title?: string
  /** The rows it was trained on; the input holds `columnCount` of their columns, from `firstColumn` on. */
  readonly rows?: Rows
  readonly firstColumn?: number
  readonly columnCount?: number
  /** Texts that stand in a row as their places here. */
  readonly texts?: readonly string[]
  readonly tokens?: TokenIds
  /** Finding it takes the whole graph: only for inputs whose content nothing else says. undefined: nothing is stored. */
  readonly scale?: () => StoredScale | undefined
}
