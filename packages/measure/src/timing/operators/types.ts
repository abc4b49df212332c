// What is learned of operators that were taken out of a model and timed alone, next to variants that each change one thing.
import type { RatioInterval } from '../../statistics/ratios.ts'

/**
 * one-thread: on one of the threads. plain-layout: without the engine's blocked layout. filled-channels: channels filled up to the blocks that
 * the engine's kernels work on at once, per channel. spread-operands: operands that are broadcast written out. one-pass: the longest of a run of
 * elementwise operators, which is what one pass over the same numbers would take. four-samples: four at once, per sample. relu: a Relu in
 * place of a costly function, which gives other numbers. rewrite: what an exact remedy makes of it. float: a quantized operator
 * in float32. int8: a float product in int8, as `quantize` writes it.
 */
export type VariantKind =
  | 'one-thread'
  | 'plain-layout'
  | 'filled-channels'
  | 'spread-operands'
  | 'one-pass'
  | 'four-samples'
  | 'relu'
  | 'rewrite'
  | 'float'
  | 'int8'

/** The ratio is its time over that of the operator as it is, the call taken off both. */
export interface OperatorVariant extends RatioInterval {
  readonly kind: VariantKind
  /** Id of the remedy that a rewrite is of; null for none. */
  readonly remedy: string | null
  /** What was changed, as its reader would say it. */
  readonly detail: string
}

export interface OperatorExperiment {
  /** Names of the executed nodes: all that are alike in operator, shapes and attributes; of a run of operators, all of its nodes. */
  readonly nodes: readonly string[]
  /** How often the timed part runs in a prediction: its places in the model, those in the body of a loop as often as that runs. */
  readonly copies: number
  readonly opTypes: readonly string[]
  /** What it computes on, in short: '1x32x720x720, 3x32x9x9'. */
  readonly shapes: string
  /**
   * One run alone, the call taken off, ms; median over rounds of their lower quartiles. Where the whole model was timed in the same rounds, brought to the state of
   * the machine in which it was measured: times p50 over that.
   */
  readonly aloneMs: number
  /** Corrected time of one run within the model, ms, mean. */
  readonly insideMs: number
  readonly variants: readonly OperatorVariant[]
}

export interface OperatorExperiments {
  readonly rows: readonly OperatorExperiment[]
  /** Those that could not be taken out or timed, with the reason. */
  readonly left: readonly { readonly nodes: readonly string[]; readonly opTypes: readonly string[]; readonly reason: string }[]
  /** Share of the nodes' time above their floors that the rows' nodes hold, 0..1. */
  readonly coveredShare: number
  /** The whole model in the same rounds, ms a prediction; null if there was no time for it, absent from earlier evidence. */
  readonly wholeMs?: number | null
  /** What remedies that act between operators save, ms a prediction and its interval, of the whole model in the same rounds; absent: none was timed. */
  readonly wholes?: readonly { readonly remedy: string; readonly ms: number; readonly low: number; readonly high: number }[]
  /** What int8 would save of the whole model; absent: int8 arithmetic is no faster here, the model hardly computes in float32, or the evidence is earlier. */
  readonly int8?: Int8Experiment
}

/**
 * Layers in int8 as `quantize` writes them, the conversions at the borders of int8 taken off: executed nodes that were timed, with what each saves,
 * ms a prediction, 0 if it stays in float32. Or the reason why they were not timed.
 */
export type Int8Experiment =
  | { readonly nodes: readonly { readonly name: string; readonly savesMs: number }[] }
  | { readonly reason: string }
