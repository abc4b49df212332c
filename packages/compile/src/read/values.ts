// How far a chain has come with a value of the graph: a row that was prepared, scores, classes.

import { widthAfter } from '@whyslow/graph/forest/prepare.ts'
import type { DenseLayer, LabelRule, Preparation, TabularModel, Transform } from '@whyslow/graph/forest/types.ts'
import type { NodeProto } from 'onnx-buf'
import { NotCompilable } from './source.ts'

export interface RowValue {
  readonly kind: 'row'
  readonly prepare: readonly Preparation[]
  readonly layers: readonly DenseLayer[]
  readonly width: number
  /**
   * What its numbers are, if they are not float32 numbers. `whole`: whole numbers; `truncated`: float32 numbers that were made whole,
   * which is left to what asks for a category; `double`: float64 numbers; `text`: places of texts.
   */
  readonly holds?: 'whole' | 'truncated' | 'double' | 'text'
  /** Whether, in the graph, the categories of a one-hot column have an axis of their own. */
  readonly apart?: true
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

export const refuse = (node: NodeProto): NotCompilable =>
  new NotCompilable(`it has an operator ${node.opType} that is not known here`)

export function withPreparation(value: RowValue, step: Preparation): RowValue {
  return { ...value, prepare: [...value.prepare, step], width: widthAfter(step, value.width) }
}

/** The same numbers, held in another way; absent: float32 numbers. */
export function withHolds({ holds: _, ...value }: RowValue, holds?: RowValue['holds']): RowValue {
  return holds === undefined ? value : { ...value, holds }
}

/** The same numbers in one row, whatever axes the graph has them in. */
export function flat({ apart: _, ...value }: RowValue): RowValue {
  return value
}
