// What a trial's process can be asked to do: task name -> what goes in and comes out, all of it plain data.
import type { Availability, EngineOptions } from '../engines/types.ts'
import type { TensorType } from '../graph/types.ts'
import type { Roofs } from '../machine/types.ts'
import type { EventLoop, LatencyBlock } from './types.ts'

/** What every task that opens a model needs. */
export interface ModelTask {
  readonly engine: string
  readonly modelFile: string
  readonly options: EngineOptions
  /** Path of an inputs.json. */
  readonly inputs: string
}

export interface TryOutput {
  readonly outputs: readonly { readonly name: string; readonly type: TensorType | null; readonly finite: boolean }[]
  /** Threads of the engine's pool, the caller included; null where the system does not say. */
  readonly poolThreads: number | null
}

export interface LatencyInput extends ModelTask {
  readonly process: number
  /** Sampling time, ms; at least MIN_SAMPLES predictions are made whatever it says. */
  readonly sampleMs: number
  /** Leaves out handoff and clock, for sweeps. */
  readonly brief: boolean
}

export interface ProfileInput extends ModelTask {
  readonly sampleMs: number
  /** A folder of the caller's for profiles, calibration chains and the optimized model. */
  readonly folder: string
  readonly optimizedModelPath: string
  /** A model with the same inputs and outputs and no nodes. */
  readonly emptyModelFile: string | null
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

/** What was measured beside one round of the profile. */
export interface ProfileRound {
  readonly profiledP50Ms: number
  /** p50 of unprofiled predictions before and after the profiled ones, mean of the two. */
  readonly plainP50Ms: number
  /** The slower of the two over the faster: how much the machine's pace changed within the round. */
  readonly plainDrift: number
  readonly cost: ProfilerCost
  /** p50 of the empty model; null where there is none. */
  readonly emptyP50Ms: number | null
}

export interface ProfileOutput {
  readonly events: readonly ProfiledEvent[]
  readonly predictions: number
  readonly rounds: readonly ProfileRound[]
  /** Set where the profile is cut short by the engine's limit on events. */
  readonly truncated: boolean
  /** Set where a small model that is as fast on one thread was profiled on one, at half of the profiler's cost. */
  readonly onOneThread: boolean
}

export interface RoofsInput {
  readonly engine: string
  readonly packageFrom: string | null
  readonly threads: number | null
  readonly caches: Readonly<Record<string, number | null>>
}

export interface Tasks {
  readonly engine: {
    readonly input: { readonly engine: string; readonly packageFrom: string | null }
    readonly output: Availability
  }
  readonly try: { readonly input: ModelTask; readonly output: TryOutput }
  readonly latency: { readonly input: LatencyInput; readonly output: LatencyBlock }
  readonly profile: { readonly input: ProfileInput; readonly output: ProfileOutput }
  readonly roofs: { readonly input: RoofsInput; readonly output: Roofs }
  readonly 'event-loop': { readonly input: ModelTask; readonly output: EventLoop }
}
