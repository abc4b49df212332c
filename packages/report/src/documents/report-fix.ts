// The parts of a report document that `fix` and `quantize` write: what is shipped, and the layers with fewer bits.
import type { TrialAgreement } from './trial-agreement.ts'

/** `whyslow`, the command ('': none, as in `whyslow MODEL`), the arguments. */
export interface CommandToType {
  readonly command: string
  readonly arguments: readonly string[]
}

export interface ReportFix {
  readonly goal: 'latency' | 'throughput' | 'load-time' | 'memory' | 'size'
  readonly unit: 'ms' | 'bytes' // of before and after: ms a prediction, a sample or a start; bytes of memory or on disk
  readonly before: number
  readonly after: number // the original's where nothing is proven
  readonly speedup: number // before / after
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly proven: boolean
  readonly kept: readonly string[]
  readonly changes: readonly string[]
  readonly outputs: string // how they compare with the original's
  /**
   * No decision differs, but the rows are too few to show that the loss is within its limit: it may be as large with 95 % confidence;
   * rowsNeeded would show it. Absent: the limit is held.
   */
  readonly openLoss?: { readonly rows: number; readonly largestLoss: number; readonly rowsNeeded: number | null }
  readonly untried: readonly string[] // what the budget left no time for
  readonly shipped: string | null // the folder; null: nothing was to be written
  readonly machineBound: boolean
  /** What runs what is shipped, where it is another than the measured one. */
  readonly engine?: { readonly id: string; readonly version: string; readonly precision: string | null }
  /**
   * For `--for slo`: the set-ups of a server that were tried, and which of them holds the objective at the highest rate; null: none does, by
   * short runs.
   */
  readonly serving?: null | ReportServing
  /** Where outputs may not change: nodes timed alone in int8, how many are faster, what they save together, what to type to have it tried. */
  readonly int8?: {
    readonly timed: number
    readonly faster: number
    readonly savingMs: number
    readonly next: string
    readonly run?: CommandToType
  }
  /**
   * What the search was given: seconds, about how many predictions that is, and whether that is the default; and the seconds that it took with the
   * last proof. Absent: nothing was tried.
   */
  readonly budget?: {
    readonly seconds: number
    readonly predictions: number
    readonly isDefault: boolean
    readonly usedSeconds: number
  }
  /** What the shipped folder's Python module does in the user's own Python; absent: nothing was shipped, or the folder has no such module. */
  readonly python?: ReportPython
}

/**
 * Processes of the library that opens the user's file in Python, and of the shipped module, in turns. Without such a library the module alone is
 * compared, with the same folder in Node.
 */
export interface ReportPython {
  readonly version: string | null // of the interpreter; null: there is none
  readonly runs: string | null // what predicts in the module: 'onnxruntime', 'c', 'wasmtime', 'numpy'; null: it was not run
  readonly own: string | null // the engine's id that opens the user's file in Python, as in `whyslow engines`; null: none is installed
  readonly beforeMs: number | null // the own library's p50
  readonly afterMs: number | null // the module's p50
  readonly speedup: number | null // before / after
  readonly speedupLow: number | null
  readonly speedupHigh: number | null
  readonly agreement: TrialAgreement | null // with the own library; null: not compared
  readonly sameAsNode: TrialAgreement | null // with the same folder in Node; null: not compared
  readonly reason: string | null // why something of it is missing
  readonly leftOut?: string // why the folder has no Python module: it does not open or predict, or its outputs differ; absent: it has one
}

export interface ReportServing {
  readonly objective: string // 'p99<20ms'
  readonly best: number | null // its place in `tried`
  readonly tried: readonly TriedServing[]
}

export interface TriedServing {
  readonly workers: number
  readonly threads: number | null // null: as the folder's own options say
  readonly maxBatch: number // rows that requests are joined to where they wait; 1: none
  readonly fewRows?: number // rows that are joined of fewer requests than make a whole batch; absent: as many
  readonly batchDelayMs?: number // so long the first request of an incomplete batch waits for others; absent: not at all
  readonly answersPerSecond: number | null // asked as fast as it answers; null: it was not served
  /** The highest rate that holds it; null of the best: the runs that were to confirm one failed. */
  readonly found: {
    readonly ratePerSecond: number
    readonly low: number
    readonly high: number
    readonly confirmed: number
  } | null
  /** Why there is none, why it is not taken though it holds, or why fewer than five runs confirm it (0: short runs alone). */
  readonly why: string | null
}

export interface ReportQuantization {
  readonly methods: readonly ('dynamic' | 'static' | 'weights')[] // in what was handed over; none: all layers stay float32
  readonly inputs: 'data' | 'synthetic' // what ranges and agreement are of
  readonly sizeBeforeBytes: number
  readonly sizeAfterBytes: number | null
  readonly layers: readonly QuantizedLayer[]
  readonly notTried: readonly { readonly method: string; readonly reason: string }[]
  /**
   * The engine of this machine that gave most in a first look compared with what was shipped, and what to type; absent: none gave
   * anything.
   */
  readonly otherEngine?: {
    readonly change: string
    readonly lookedSpeedup: number
    readonly cosine: number | null
    readonly next: string
    readonly run?: CommandToType
  }
}

export interface QuantizedLayer {
  readonly node: string // its first output
  readonly opType: string
  readonly precision: string // in what was handed over
  readonly tried: 'dynamic' | 'static' | 'weights'
  readonly beforeMs: number | null // the operator alone, as float32 and as tried, without conversions
  readonly afterMs: number | null
  readonly sqnrDb: number | null // of the worst output with this layer alone quantized; null: not needed, or not measured
  readonly kernel: string | null // that the engine runs for it
  readonly reason: string | null // why it stays float32
}
