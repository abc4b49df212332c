import type { Program } from '../program.ts'

/** What is asked for. */
export interface Wanted {
  readonly margin?: boolean
  readonly prediction?: boolean
  readonly label?: boolean
}

export interface Predicted {
  readonly margin: Float32Array | Float64Array | null
  readonly prediction: Float32Array | Float64Array | null
  /** Indexes of classes. */
  readonly label: Int32Array | null
}

export type Predict = (rows: Float32Array | Float64Array, count: number, wanted: Wanted) => Predicted
export type Trees = (rows: ArrayLike<number>, from: number, sums: Float32Array | Float64Array, to: number) => void

/** How the inputs of a model become rows. */
export interface RowPlan {
  readonly inputs: readonly { readonly dtype: string; readonly columns: number }[]
  readonly texts: readonly string[]
  /** What rows are made of. */
  readonly row: 'float32' | 'float64'
}

export function openRows(plan: RowPlan): (arrays: readonly ArrayLike<unknown>[], count: number) => Float32Array | Float64Array
export function readProgram(text: string, bytes: Uint8Array): Program
export function compileModule(bytes: Uint8Array<ArrayBuffer>): object
export function openProgram(program: Program, module: object | null, trees?: Trees | null): Predict
