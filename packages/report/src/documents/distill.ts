// What `distill` writes with --json: the students, each on rows that neither training nor choosing saw.

export interface DistillDocument {
  readonly schema: 'whyslow-distill/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly model: { readonly file: string; readonly format: string; readonly sha256: string; readonly sizeBytes: number }
  /** Larger is better; against the labels, or if there are none against the teacher's own predictions. */
  readonly metric: { readonly name: string; readonly against: 'labels' | 'teacher' }
  /** `made`: rows with some features of others, which the model scored; in addition to the learned ones. */
  readonly rows: { readonly learn: number; readonly made: number; readonly choose: number; readonly test: number }
  /** Most that the metric may lose; on the rows that choose, with one standard error. */
  readonly maxLoss: number
  /** The model itself, compiled, one row at a time, µs. */
  readonly teacher: { readonly metric: number; readonly microseconds: number }
  readonly students: readonly {
    readonly id: string
    readonly says: string
    readonly metric: number
    readonly loss: number
    /** Loss on the rows that choose, with its standard error. */
    readonly lossToChoose: number
    readonly lossError: number
    /** Root mean square of the differences of predictions from the model's. */
    readonly differs: number
    readonly microseconds: number
    readonly speedup: number
    /** None of the others is both faster and better. */
    readonly onFront: boolean
    readonly chosen: boolean
  }[]
  /** null: nothing was written. */
  readonly out: string | null
  readonly warnings: readonly string[]
}
