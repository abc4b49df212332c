// What the profiling task gives: raw times of nodes, and what they are corrected by.

import type { TensorType } from '@whyslow/graph/types.ts'
import type { LeastRuns } from '../../engines/types.ts'
import type { ModelTask } from '../../trials/model-task.ts'

export interface ProfileInput extends ModelTask {
  /** Sampling time over all rounds, ms. */
  readonly sampleMs: number
  readonly rounds: number
  /** Least runs of each part of a round, whatever its share of the time; one at least warms up. */
  readonly least: LeastRuns
  /** A folder of the caller's for profiles, calibration chains and the optimized model. */
  readonly folder: string
  readonly optimizedModelPath: string
  /** A model with the same inputs and outputs and no nodes. */
  readonly emptyModelFile: string | null
  /** How many nodes the model has, about: chains that calibrate are as long, since each event costs the profiler more when there are many. */
  readonly nodes: number
}

/** One event kind of the profile: a node under its parent, over all profiled predictions. */
export interface ProfiledEvent {
  readonly name: string
  readonly nodeIndex: number
  readonly opType: string
  readonly provider: string
  /** Index of the parent among the events; null at the top. */
  readonly parent: number | null
  /** Own time per prediction as the profiler gave it, ms, by round: middle mean over predictions, without its children's spans. */
  readonly rawMs: readonly number[]
  readonly runsPerPrediction: number
  /** Spans of nested nodes inside it, per prediction. */
  readonly childRunsPerPrediction: number
  readonly inputTypes: readonly TensorType[]
  readonly outputTypes: readonly TensorType[]
}

/** The profiler's price, from generated chains of trivial nodes. */
export interface ProfilerCost {
  /** Added inside a node's span, µs: fixedUs + perTensorUs * (inputs + outputs). */
  readonly fixedUs: number
  readonly perTensorUs: number
  /** Added between spans, µs per node. */
  readonly betweenUs: number
  /** True cost of a trivial node without the profiler, µs. */
  readonly dispatchUs: number
}

/** What was measured alongside one round of the profile. */
export interface ProfileRound {
  readonly profiledP50Ms: number
  /** What a profiled prediction took outside of the engine's own run: inputs wrapped, outputs copied. The profiler costs nothing there. */
  readonly outsideMs: number
  /** p50 of unprofiled predictions before and after the profiled ones, mean of the two. */
  readonly plainP50Ms: number
  /** The slower of the two over the faster: how much the machine's pace changed within the round. */
  readonly plainDrift: number
  readonly cost: ProfilerCost
  /** p50 of the empty model; null if there is none. */
  readonly emptyP50Ms: number | null
}

export interface ProfileOutput {
  readonly events: readonly ProfiledEvent[]
  readonly predictions: number
  readonly rounds: readonly ProfileRound[]
  /** Set where the profile is cut short by the engine's limit on events. */
  readonly truncated: boolean
  /** Unset if the profiler costs next to nothing compared with such predictions: what it usually costs is taken off. */
  readonly calibrated: boolean
  /** Set where the engine's profiler cannot be calibrated: nothing is taken off. */
  readonly asGiven?: true
  /** What a round of a body (If, Loop, Scan) takes in addition to its nodes, µs without the profiler; null if nothing ran in a body. */
  readonly bodyUs: number | null
  /** Set where a small model that is as fast on one thread was profiled on one, at half of the profiler's cost. */
  readonly onOneThread: boolean
}
