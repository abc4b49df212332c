// How far a chain has come with a value of the graph: a row that was prepared, scores, classes.
import type { NodeProto } from 'onnx-buf'
import { widthAfter } from '../../graph/forest/prepare.ts'
import type { DenseLayer, LabelRule, Preparation, TabularModel, Transform } from '../../graph/forest/types.ts'
import { NotCompilable } from './source.ts'

export interface RowValue {
  readonly kind: 'row'
  readonly prepare: readonly Preparation[]
  readonly layers: readonly DenseLayer[]
  readonly width: number
  /** It was made whole numbers, toward zero: only one-hot columns are made of such. */
  readonly whole?: true
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

export function prepared(value: RowValue, step: Preparation): RowValue {
  return { ...value, prepare: [...value.prepare, step], width: widthAfter(step, value.width) }
}
