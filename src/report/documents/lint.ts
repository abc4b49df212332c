// What `whyslow lint --json` writes: a public contract with a version of its own. Times in milliseconds, sizes in bytes. What is not
// known is null, never 0. docs/lint.md says what the conditions and hazards mean.
import type { TrialRow } from './trial-row.ts'

export interface LintDocument {
  schema: 'whyslow-lint/1'
  tool: { version: string }
  /** ISO 8601. */
  createdAt: string
  /** The sentence that answers: why is this quantized model not faster? */
  answer: string
  /** Null where nothing had to be measured, since the model is not quantized. */
  measured: null | {
    p50Ms: number
    ciLowMs: number
    ciHighMs: number
    trust: 'A' | 'B' | 'C' | 'D'
    reasons: string[]
    engine: { id: string; version: string; threadsInUse: number; graphOptimization: string }
    machine: { cpu: string; isa: string[] }
    /** Inputs that were made up, since no data were given. */
    syntheticInputs: string[]
  }
  model: { file: string; format: string; sha256: string; sizeBytes: number; opsets: Record<string, number> }
  /** What of quantization the file holds: numbers of nodes, and of float16 constants. */
  written: {
    conversions: number
    integerProducts: number
    quantizedOperators: number
    fewBitProducts: number
    float16Constants: number
  }
  /** Operators that run in int8 or with few-bit weights, by type, the longest first. */
  fused: { opType: string; nodes: number; timeMs: number }[]
  /** What was meant to run in int8 and does not, the largest saving first. */
  unfused: {
    /** The user's node. */
    node: string
    opType: string
    condition: string
    /** The condition that it breaks, as half a sentence. */
    breaks: string
    /** Of its conversions, per prediction. */
    conversionsMs: number | null
    /** Of the operator in float. */
    operatorMs: number | null
    /** Modelled: without the conversions, and in int8 where there is a kernel. */
    wouldSaveMs: number | null
    /** The remedy that can repair it; null where there is none. */
    mend: string | null
    /** The conversions as the engine ran them. */
    conversions: string[]
  }[]
  /** Conversions where float begins and ends: needed, and counted. */
  borders: { nodes: number; timeMs: number }
  hazards: { hazard: string; title: string; detail: string; timeMs: number | null; nodes: string[] }[]
  /** Null without --repair. */
  repair: null | {
    /** The file written; null where nothing was proven. */
    out: string | null
    /** True: faster than the model given, with outputs that agree, in the last proof. */
    proven: boolean
    beforeMs: number | null
    afterMs: number | null
    speedup: number | null
    speedupLow: number | null
    speedupHigh: number | null
    /** How the outputs agree, in words. */
    outputs: string
    changes: string[]
    trials: TrialRow[]
  }
  warnings: string[]
}
