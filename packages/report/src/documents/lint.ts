// What `whyslow lint --json` writes: a public contract with a version of its own. Times in milliseconds, sizes in bytes. What is not
// known is null, never 0. docs/lint.md says what the conditions and hazards mean.
import type { ReportLikeness } from './report.ts'
import type { TrialRow } from './trial-row.ts'

export interface LintedInput {
  readonly name: string
  readonly source: 'data' | 'synthetic'
  readonly likeness?: ReportLikeness
}

export interface LintDocument {
  readonly schema: 'whyslow-lint/1'
  readonly tool: { readonly version: string }
  /** ISO 8601. */
  readonly createdAt: string
  /** The sentence that answers: why is this quantized model not faster? */
  readonly answer: string
  /** Null if nothing had to be measured, since the model is not quantized. */
  readonly measured: null | {
    readonly p50Ms: number
    readonly ciLowMs: number
    readonly ciHighMs: number
    readonly trust: 'A' | 'B' | 'C' | 'D'
    readonly reasons: readonly string[]
    readonly engine: {
      readonly id: string
      readonly version: string
      readonly threadsInUse: number
      readonly graphOptimization: string
    }
    readonly machine: { readonly cpu: string; readonly isa: readonly string[] }
    /** Inputs that were made up, since no data were given. */
    readonly syntheticInputs: readonly string[]
    /** Where the values of each input are from, and what made-up ones resemble. Documents of versions before have none. */
    readonly inputs?: readonly LintedInput[]
  }
  readonly model: {
    readonly file: string
    readonly format: string
    readonly sha256: string
    readonly sizeBytes: number
    readonly opsets: Readonly<Record<string, number>>
  }
  /** What of quantization the file holds: numbers of nodes, and of float16 constants. */
  readonly written: {
    readonly conversions: number
    readonly integerProducts: number
    readonly quantizedOperators: number
    readonly fewBitProducts: number
    readonly float16Constants: number
  }
  /** Operators that run in int8 or with few-bit weights, by type, the longest first. */
  readonly fused: readonly { readonly opType: string; readonly nodes: number; readonly timeMs: number }[]
  /** What was meant to run in int8 and does not, the largest saving first. */
  readonly unfused: readonly {
    /** The user's node. */
    readonly node: string
    readonly opType: string
    readonly condition: string
    /** The condition that it breaks, as half a sentence. */
    readonly breaks: string
    /** Time of its conversions, per prediction. */
    readonly conversionsMs: number | null
    /** Time of the operator in float. */
    readonly operatorMs: number | null
    /** Modelled: without the conversions, and in int8 where there is a kernel. */
    readonly wouldSaveMs: number | null
    /** The remedy that can repair it; null if there is none. */
    readonly mend: string | null
    /** The conversions as the engine ran them. */
    readonly conversions: readonly string[]
  }[]
  /** Conversions where float begins and ends: needed, and counted. */
  readonly borders: { readonly nodes: number; readonly timeMs: number }
  readonly hazards: readonly {
    readonly hazard: string
    readonly title: string
    readonly detail: string
    readonly timeMs: number | null
    readonly nodes: readonly string[]
  }[]
  /** Null if no repair was wanted. */
  readonly repair: null | {
    /** The file written; null if nothing was proven. */
    readonly out: string | null
    /** True: faster than the model given, with outputs that agree, in the last proof. */
    readonly proven: boolean
    readonly beforeMs: number | null
    readonly afterMs: number | null
    readonly speedup: number | null
    readonly speedupLow: number | null
    readonly speedupHigh: number | null
    /** How the outputs agree, in words. */
    readonly outputs: string
    readonly changes: readonly string[]
    readonly trials: readonly TrialRow[]
  }
  readonly warnings: readonly string[]
}
