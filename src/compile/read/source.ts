// What can be compiled: a model of rows of features, and under which names it is asked and answers.
import type { TabularModel } from '../../graph/forest/types.ts'
import type { DType } from '../../graph/types.ts'

export interface AnswerOutput {
  readonly name: string
  readonly what: 'margin' | 'prediction' | 'label'
  readonly dtype: DType
  /** 1: one number for each row; 2: rows × outputs. */
  readonly rank: 1 | 2
  /** Of a row. */
  readonly columns: number
}

export interface CompilableModel {
  readonly model: TabularModel
  /** Rows × features. */
  readonly input: { readonly name: string; readonly dtype: 'float32' | 'float64' }
  readonly outputs: readonly AnswerOutput[]
}

/** Why a model is none that can be compiled; `reason` ends a sentence that begins with 'it cannot be compiled: '. */
export class NotCompilable extends Error {}
