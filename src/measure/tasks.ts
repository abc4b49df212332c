// What a trial's process can be asked to do: task name -> what goes in and comes out, all of it plain data.

import type { DeviceTrace } from '../engines/onnxruntime/facts/device-trace.ts'
import type { Availability, EngineOptions } from '../engines/types.ts'
import type { TensorType } from '../graph/types.ts'
import type { Roofs } from '../machine/types.ts'
import type { CalibrationMethod, ExtremesModel, ObservedModel, ValueRange } from '../quantize/calibrate/types.ts'
import type { TaskInputs } from './samples/saved.ts'
import type { BoundTimes, EventLoop, LatencyBlock } from './timing/types.ts'

/** What every task that opens a model needs. */
export interface ModelTask {
  readonly engine: string
  readonly modelFile: string
  readonly options: EngineOptions
  /** Path of an inputs.json. */
  readonly inputs: string
  /** The trial is ended after so long, ms: what repeats stops before. Absent: there is time for all of it. */
  readonly capMs?: number
}

export interface TryOutput {
  readonly outputs: readonly { readonly name: string; readonly type: TensorType | null; readonly finite: boolean }[]
  /** Threads of the engine's pool, the caller included; null where the system does not say. */
  readonly poolThreads: number | null
}

export interface LatencyInput extends ModelTask {
  readonly process: number
  /** Sampling time, ms; at least 10 predictions are made whatever it says, or as `few` has it. */
  readonly sampleMs: number
  /** Leaves out handoff and clock, for sweeps. */
  readonly brief: boolean
  /** Measures the handoff before the samples only. */
  readonly oneHandoff?: boolean
  /** Watches the event loop after the samples. */
  readonly watchEventLoop?: boolean
  /**
   * Fewest warm-up runs and samples, 2 and 5 in place of 5 and 10: for slow models where many processes are read. `where-slow`: where
   * a prediction of this process takes a quarter of a second.
   */
  readonly few?: boolean | 'where-slow'
  /** Predicts with other inputs, too, after all that is timed, and keeps what comes out. */
  readonly outputsOf?: {
    /** Path of an inputs.json. */
    readonly inputs: string
    /** A folder of the caller's, made where it is absent. */
    readonly folder: string
    /** No further sample is begun after so long. */
    readonly inMs: number
    /** Looks whether outputs vary from one prediction to the next. */
    readonly again: boolean
  }
}

export interface LatencyOutput extends LatencyBlock {
  readonly eventLoop?: EventLoop
  /** Threads that predictions ran on; absent where the engine does not tell. */
  readonly threads?: number
  /** Where they were asked for: what came out, or why nothing did. */
  readonly outputs?: OutputsOutput | { readonly reason: string }
}

export interface ProfileInput extends ModelTask {
  /** Sampling time over all rounds, ms. */
  readonly sampleMs: number
  /** At most so many rounds. */
  readonly rounds: number
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
  /** What a round of a body (If, Loop, Scan) takes beside its nodes, µs without the profiler; null where nothing ran in a body. */
  readonly bodyUs: number | null
  /** Set where a small model that is as fast on one thread was profiled on one, at half of the profiler's cost. */
  readonly onOneThread: boolean
}

export interface WorkerCostInput {
  /** A shipped folder whose engine can be imported from there. */
  readonly folder: string
  /** Path of an inputs.json. */
  readonly inputs: string
  readonly sampleMs: number
}

export interface WorkerCost {
  /** p50 of predict() in the caller's thread and through the worker. */
  readonly plainMs: number
  readonly workerMs: number
}

export interface OptimizeInput extends ModelTask {
  /** Where the engine is to write the graph. */
  readonly optimizedModelPath: string
}

export interface DeviceInput extends ModelTask {
  readonly folder: string
  /** Of the outputs that are tensors. */
  readonly outputTypes: readonly TensorType[]
}

export interface DeviceOutput {
  /** null where the engine gives no times of the device. */
  readonly trace: DeviceTrace | null
  readonly uploadMs: number
  readonly downloadMs: number
  readonly bound: BoundTimes | null
  readonly needsCpu: boolean | null
}

export interface RoofsInput {
  readonly engine: string
  readonly packageFrom: string | null
  readonly threads: number | null
  readonly caches: Readonly<Record<string, number | null>>
}

export interface OutputsInput extends ModelTask {
  /** A folder of the caller's, made where it is absent. */
  readonly outputFolder: string
}

export interface OutputsOutput {
  /** Path of the index of what came out, to be read as saved inputs are (inputs/saved.ts). */
  readonly saved: string
  /** Outputs that differ between two predictions with the same feeds: the model draws random numbers, or keeps a state. */
  readonly varying: readonly string[]
}

export interface CalibrateInput extends Omit<ModelTask, 'modelFile' | 'inputs'> {
  readonly inputs: TaskInputs
  readonly methods: readonly CalibrationMethod[]
  /** How many samples the inputs hold. */
  readonly samples: number
  /** Extremes of values on the same samples, where they were found before. */
  readonly known: Readonly<Record<string, ValueRange>>
  /** Models that give extremes; each other value is in one of them. */
  readonly extremes: readonly ExtremesModel[]
  /** Models that give the same values whole; used where the method needs to see each number. */
  readonly whole: readonly ObservedModel[]
  readonly bins: number
}

export interface CalibrateOutput {
  /** By method, by value; NaN and infinity where such numbers were seen. */
  readonly ranges: Readonly<Partial<Record<CalibrationMethod, Readonly<Record<string, ValueRange>>>>>
  /** By value, of its channels, the mean of the samples' means. */
  readonly means: Readonly<Record<string, readonly number[]>>
  /** By value, of its channels, the largest magnitude. */
  readonly peaks: Readonly<Record<string, readonly number[]>>
  /** Largest resident size of the process. */
  readonly peakBytes: number
}

export interface TypeAsRun extends TensorType {
  /** The numbers of a short int64 value: sizes and axes that were computed. */
  readonly sizes?: readonly number[]
}

/** A model with values as further outputs. */
export interface TypesInput extends Omit<ModelTask, 'modelFile'> {
  readonly modelFiles: readonly string[]
}

export interface LayerErrorsInput extends Omit<ModelTask, 'modelFile'> {
  /** The model that the others are held against. */
  readonly original: string
  readonly models: readonly { readonly key: string; readonly file: string }[]
  /** No further model is begun after so long, ms. */
  readonly budgetMs: number
}

export interface LayerError {
  readonly key: string
  /** Noise over signal (powers) of the worst output; null with a reason. */
  readonly noise: number | null
  readonly reason: string | null
}

/** A small model whose time is asked for. */
export interface TimedModel {
  readonly key: string
  readonly file: string
  /** What it is fed: random numbers of these types. */
  readonly inputs: readonly { readonly name: string; readonly type: TensorType }[]
}

export interface OperatorTimesInput {
  readonly engine: string
  readonly options: EngineOptions
  readonly models: readonly TimedModel[]
  readonly rounds: number
  /** Of each model in each round. */
  readonly sampleMs: number
  /** No further round begins after so long, ms. */
  readonly budgetMs: number
  /** Where the process writes what it begins, so that a crash can be laid to the model that caused it. */
  readonly progressFile: string
}

/** p50 per round, ms, the call's cost in it; a reason in place of it where the engine refuses the model. */
export type OperatorTime = { readonly key: string } & (
  | { readonly roundsMs: readonly number[] }
  | { readonly roundsMs: null; readonly reason: string }
)

/** From a fresh process to its first result. */
export interface StartTimes {
  /** Importing the engine's package. */
  readonly importMs: number
  /** Opening the model. */
  readonly loadMs: number
  readonly firstMs: number
  /** loadMs + firstMs: what depends on the model and its options. */
  readonly totalMs: number
}

export interface Tasks {
  readonly engine: {
    readonly input: { readonly engine: string; readonly packageFrom: string | null; readonly browser?: string }
    readonly output: Availability
  }
  readonly try: { readonly input: ModelTask; readonly output: TryOutput }
  readonly latency: { readonly input: LatencyInput; readonly output: LatencyOutput }
  readonly profile: { readonly input: ProfileInput; readonly output: ProfileOutput }
  readonly device: { readonly input: DeviceInput; readonly output: DeviceOutput }
  readonly roofs: { readonly input: RoofsInput; readonly output: Roofs }
  readonly outputs: { readonly input: OutputsInput; readonly output: OutputsOutput }
  readonly optimize: { readonly input: OptimizeInput; readonly output: null }
  readonly 'worker-cost': { readonly input: WorkerCostInput; readonly output: WorkerCost }
  readonly calibrate: { readonly input: CalibrateInput; readonly output: CalibrateOutput }
  readonly types: { readonly input: TypesInput; readonly output: Readonly<Record<string, TypeAsRun>> }
  readonly 'layer-errors': { readonly input: LayerErrorsInput; readonly output: readonly LayerError[] }
  readonly 'operator-times': { readonly input: OperatorTimesInput; readonly output: readonly OperatorTime[] }
  readonly start: { readonly input: ModelTask; readonly output: StartTimes }
}
