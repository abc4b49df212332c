// What can be compiled: a model of rows of features, and under which names it is asked and answers.
import type { Precision, TabularModel } from '@whyslow/graph/forest/types.ts'
import type { DType } from '@whyslow/graph/types.ts'

/** Element types of inputs that can be columns of a row, and whether a row has to be float64 to hold their numbers. */
export const COLUMN_TYPES = {
  float32: 'float32',
  float64: 'float64',
  int64: 'float64',
  int32: 'float64',
  bool: 'float32',
  string: 'float32',
} as const satisfies Partial<Record<DType, Precision>>
export type ColumnType = keyof typeof COLUMN_TYPES

/** Rows × columns. */
export interface AskedInput {
  readonly name: string
  readonly dtype: ColumnType
  readonly columns: number
}

export interface AnswerOutput {
  readonly name: string
  readonly what: 'margin' | 'prediction' | 'label'
  readonly dtype: DType
  /** 1: one number for each row; 2: rows × outputs. */
  readonly rank: 1 | 2
  /** Columns of a row. */
  readonly columns: number
}

export interface CompilableModel {
  readonly model: TabularModel
  /** Side by side they are the features of a row. */
  readonly inputs: readonly AskedInput[]
  /** Texts that stand in a row as their places here; every other text is −1. */
  readonly texts: readonly string[]
  readonly outputs: readonly AnswerOutput[]
}

/** Why a model is none that can be compiled; `reason` ends a sentence that begins with 'it cannot be compiled: '. */
export class NotCompilable extends Error {}
