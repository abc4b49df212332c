// What is learned of operators that were taken out of a model and timed alone, beside variants that each change one thing.
import type { RatioInterval } from '../statistics.ts'

/**
 * one-thread: on one of the threads. plain-layout: without the engine's blocked layout. filled-channels: channels filled up to the block that
 * the engine's kernels work on, taken per channel. spread-operands: operands that are broadcast written out. one-pass: the longest of a
 * run of elementwise operators, which one pass over the same numbers would take. int8: the kernel in 8 bits, without conversions.
 * rewrite: what an exact remedy makes of it.
 */
export const variantKinds = [
  'one-thread',
  'plain-layout',
  'filled-channels',
  'spread-operands',
  'one-pass',
  'int8',
  'rewrite',
] as const
export type VariantKind = (typeof variantKinds)[number]

export interface OperatorVariant extends RatioInterval {
  readonly kind: VariantKind
  /** Of a rewrite. */
  readonly remedy: string | null
  /** What was changed, as its reader would say it. */
  readonly detail: string
  /** What one run takes less than alone, ms, and its interval; below 0 where it takes longer. */
  readonly savesMs: number
  readonly savesLowMs: number
  readonly savesHighMs: number
}

export interface OperatorExperiment {
  /** Names of the executed nodes that are alike: operator, shapes, attributes. */
  readonly nodes: readonly string[]
  readonly opType: string
  /** What it computes on, in short: '9x9 convolution, 32 to 3 channels, 720x720'. */
  readonly shape: string
  /** One of them alone, the call taken off, ms; median over rounds. */
  readonly aloneMs: number
  /** Corrected time of one of them within the model, ms, mean. */
  readonly insideMs: number
  readonly variants: readonly OperatorVariant[]
}

export interface OperatorExperiments {
  readonly rows: readonly OperatorExperiment[]
  /** Groups that could not be taken out or timed, with the reason. */
  readonly left: readonly { readonly nodes: readonly string[]; readonly opType: string; readonly reason: string }[]
  /** Share of the nodes' time above their floors that the rows' nodes hold, 0..1. */
  readonly coveredShare: number
}
