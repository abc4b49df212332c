// What `whyslow convert --json` writes: a model that was read, and the file that it became.

export interface ConvertDocument {
  readonly schema: 'whyslow-convert/1'
  readonly tool: { readonly version: string }
  readonly from: ConvertedFile
  readonly to: ConvertedFile
  /** Opset of ai.onnx, if ONNX was written. */
  readonly opset: number | null
  /** Operators written, by their names. */
  readonly operators: Readonly<Record<string, number>>
  readonly inputs: readonly ConvertedValue[]
  readonly outputs: readonly ConvertedValue[]
  /** What the reader of the model has to say: which trees count, … Absent before 0.2. */
  readonly notes?: readonly string[]
  /** A model of doubles written in float32, and what that changes on the rows that were given; null if nothing was rounded. */
  readonly rounding?: {
    /** null, as the others, where no rows were given. */
    readonly rows: number | null
    /** Rows that come to another leaf in some tree. */
    readonly otherLeaves: number | null
    /** Rows with another label; null too where the model tells none. */
    readonly otherLabels: number | null
    /** Largest difference of a prediction. */
    readonly largestDifference: number | null
  } | null
}

export interface ConvertedFile {
  readonly file: string
  readonly format: string
  readonly sizeBytes: number
  readonly sha256: string
}

export interface ConvertedValue {
  readonly name: string
  readonly dtype: string
  /** A number, a symbol, or null if a size is not known. */
  readonly shape: readonly (number | string | null)[]
}
