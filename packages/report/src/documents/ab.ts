// The ab document, version 1: which of two implementations is faster, and whether they give the same. A public contract. Times in milliseconds.

export interface AbDocument {
  readonly schema: 'whyslow-ab/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly verdict: 'faster' | 'slower' | 'no-difference' // b beside a
  readonly ratio: number // b's time over a's: the median over pairs
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly levelPercent: number // of the interval
  readonly pairs: readonly { readonly aMs: number; readonly bMs: number }[] // one per pair of fresh processes, of one call
  readonly a: AbSide
  readonly b: AbSide
  readonly samples: { readonly count: number; readonly timed: number; readonly source: 'data' | 'a' | 'b' | 'own' | 'none' } // own: each has its own, in order
  readonly outputs: AbOutputs
  /** What `fix` changed in a program: b is a with these changes. Absent: b is another program. */
  readonly fix?: AbFix
  readonly warnings: readonly string[]
}

/** What `fix` changed in a program, and the folder that the changed lines import. */
export interface AbFix {
  readonly shipped: string | null // the folder; null: nothing is faster with equal results
  readonly files: readonly { readonly file: string; readonly changes: readonly ChangedLine[] }[]
  readonly models: readonly AbFixedModel[]
}

export interface ChangedLine {
  readonly line: number // in the file as it is; of a new line that of the line it stands in front of
  readonly before: string | null // null: the line is new
  readonly after: string | null // null: the line goes
}

/** A model that the program runs. */
export interface AbFixedModel {
  readonly name: string // in the package: 'model', 'model_2'
  readonly engine: string // what runs it in the program: 'pytorch', 'scikit-learn'
  readonly type: string // its class
  readonly place: { readonly file: string; readonly line: number } | null // where it is called
  readonly runs: string | null // what predicts in its place: 'onnxruntime', 'openvino', 'compiled code'; null: the model itself
  readonly reason: string | null // why the model itself goes on predicting; null: it does not
  readonly notes: readonly string[]
}

export interface AbSide {
  readonly file: string
  readonly language: 'javascript' | 'python'
  readonly runtime: string
  readonly call: readonly string[] // the stages of one call, in order; empty: a script
  readonly callMs: number // median over pairs
  readonly importMs: number | null // null: a script
  readonly loadMs: number | null // null: nothing is loaded
  readonly firstMs: number | null // the first call; null: a script
  readonly packages: readonly string[]
}

export interface AbOutputs {
  readonly agreement: 'identical' | 'close' | 'different' | 'not-comparable'
  readonly samples: number // compared
  readonly differingSamples: number
  readonly numbers: number // compared
  readonly differing: number // that are not the same bits
  readonly maxAbsolute: number | null // null: one is infinite or no number
  readonly maxRelative: number | null
  readonly sameChoice: number | null // share of samples whose largest element stands at the same place; null: no such outputs
  readonly farPixels: number | null // share of a picture's numbers that are more than two steps away; null: no pictures
  readonly differences: readonly { readonly sample: number; readonly path: string; readonly reason: string }[] // the first few
  readonly notes: readonly string[]
  readonly varying?: readonly string[] // fields that the first one changes from call to call, which are not compared; absent: none
  readonly repeats: { readonly a: boolean; readonly b: boolean } // gives the same when it is called again
}
