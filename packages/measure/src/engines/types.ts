// An engine runs a model. One file per engine; heavy packages are imported inside it, at the moment of use.
import type { DType } from '@whyslow/graph/types.ts'

export interface TensorValue {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Little-endian typed array of the dtype; strings as string[]. float16 and bfloat16 as Uint16Array. */
  readonly data: ArrayBufferView | readonly string[]
}
export type Feeds = Readonly<Record<string, TensorValue>>
export type Results = Readonly<Record<string, TensorValue>>

export type GraphOptimization = 'disabled' | 'basic' | 'extended' | 'all'

/** null leaves the choice to the engine. Crosses to the trial's process as JSON. */
export interface EngineOptions {
  readonly threads: number | null
  readonly graphOptimization: GraphOptimization
  readonly executionMode: 'sequential' | 'parallel'
  /** Session configuration entries, by the engine's own keys ('session.set_denormal_as_zero': '1'). */
  readonly configEntries: Readonly<Record<string, string>>
  /** Results are written into the same tensors at every prediction; for models whose outputs have one shape. Absent: new ones. */
  readonly reuseOutputs?: boolean
  /** Predictions call the package's native binding itself, without its wrapper and the turn of the event loop that it waits for. */
  readonly directCall?: boolean
  /** Where the engine's package is taken from: a folder, or null for the user's own project first and our own next (find-package.ts). */
  readonly packageFrom: string | null
  /** The browser that engines in a page are measured in; absent: the one that is installed. */
  readonly browser?: string
  /** A folder that has OpenVINO's C library, or the library itself; absent: where it usually is. */
  readonly openvino?: string
  /** The same of LiteRT's library. */
  readonly litert?: string
  /** A Python interpreter, or its environment's folder, whose packages have them. */
  readonly python?: string
}

/** What tells where an engine is. */
export type EnginePlaces = Pick<EngineOptions, 'packageFrom' | 'browser' | 'openvino' | 'litert' | 'python'>

export interface InputDeclaration {
  readonly name: string
  readonly isTensor: boolean
  readonly dtype: DType | null
  /** A number, or the symbol's name ('' if it has none). */
  readonly shape: readonly (number | string)[] | null
}

export interface Session {
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
  /** Threads that predictions run on, the caller's included; absent if the engine does not tell, or not before a first prediction. */
  readonly threads?: number | undefined
  /** One prediction. Fetches only outputs that are tensors. */
  run(feeds: Feeds): Promise<Results>
  /** Feeds turned once into what the engine takes, so that the conversion is not timed. */
  prepare(feeds: Feeds): PreparedRun
  /**
   * Load, first prediction, warm-up and samples, timed where the engine runs; absent if a clock around `run` is as near.
   * The first two are those of this session, however late it is asked.
   */
  sample?(feeds: readonly Feeds[], plan: SamplePlan): Promise<SampleRun>
  /** Observes tensors, on engines that offer `tensors-by-hand`; runs after all that is timed. */
  observe?(feeds: Feeds): Promise<TensorObservation>
  /** Ends profiling, where the session was opened with it, and returns the raw trace file's path. */
  endProfiling?(): Promise<string | null>
  close(): Promise<void>
}

/** What a runtime whose tensors live until they are disposed can tell of its predictions. */
export interface TensorObservation {
  /** A call with these inputs that computes nothing, ms, median. */
  readonly callMs: number
  /** The quarter of these calls that took least took at most this. Absent in evidence of earlier versions. */
  readonly callLowMs?: number
  /** Per prediction without `tidy`: tensors that the caller gets, and what else is alive once those are disposed. */
  readonly outputsLeft: number
  readonly othersLeft: number
  readonly othersLeftBytes: number
}

export interface LeastRuns {
  readonly warmup: number
  readonly samples: number
}

export interface SamplePlan {
  readonly sampleMs: number
  /** Made whatever the time says. */
  readonly least: LeastRuns
  /** Counts that replace these if the first prediction after the very first takes this long. */
  readonly slow?: { readonly fromMs: number; readonly least: LeastRuns }
  readonly maxSamples: number
  readonly warmupMs: number
  /** After this long since the session was asked, three samples do. */
  readonly capMs?: number
}

export interface SampleRun {
  readonly loadMs: number
  readonly firstMs: number
  readonly warmupMs: number
  readonly warmupRuns: number
  readonly samplesMs: readonly number[]
  readonly wallMs: number
}

/** A prediction with its feeds bound: what is timed. */
export type PreparedRun = () => Promise<unknown>

export interface OpenOptions extends EngineOptions {
  /** Prefix of the raw profile file; profiling is on if it is given. */
  readonly profilePrefix?: string
  /** Where the engine is to write the graph as it runs it. */
  readonly optimizedModelPath?: string
  /**
   * Inputs are on the device before a prediction, outputs stay there, and a prediction ends when the device has done its work. `run`
   * still gives outputs. Of engines that offer `device-tensors`; numbers that a device does not take stay with the CPU.
   */
  readonly tensorsOnDevice?: true
}

/**
 * What a prediction runs on. `software-gpu`: a graphics driver that computes on the CPU (llvmpipe, SwiftShader) and answers as a GPU;
 * whatever is said of GPUs does not hold for it.
 */
export type DeviceKind = 'cpu' | 'gpu' | 'npu' | 'software-gpu'

export type Availability =
  | {
      readonly ok: true
      readonly version: string
      /** Its name: 'cpu', 'NVIDIA T4', 'SwiftShader (software, on the CPU)'. */
      readonly device: string
      readonly deviceKind: DeviceKind
      readonly from: string
      /** A nearer installation that was not taken, and why, in one line; absent: there was none. */
      readonly passedOver?: string
      readonly accelerators: readonly string[]
      /** Keys of its configuration, with the values that they take where these are known, '<n>' for whole numbers; absent: those of onnxruntime. */
      readonly configuration?: Readonly<Record<string, readonly string[] | null>>
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

/**
 * Properties that stages check instead of an engine's name.
 *
 * What it can be asked for. `threads`: each session takes a thread count. `process-threads`: the first session of a process decides for
 * all. `worker-threads`: several threads of a process may open sessions. `configuration`: the configuration entries of onnxruntime act.
 * `direct-call`, `reused-outputs`: these options act. `node-times`: a profile with the time of every node (`endProfiling`).
 * `node-times-as-given`: trivial nodes cannot be timed one by one, so that what its profiler costs is not known and nothing is taken off.
 * `kernel-names`: a profile names each node's kernel where onnxruntime's names a provider.
 * `executed-graph`: the graph as it is run (`optimizedModelPath`). `roofs`: kernels to measure this machine with. `device-times`: a
 * profile with what the device did, the CPU's part apart. `device-tensors`: see `tensorsOnDevice`. `cpu-refused`: a session that may
 * not use the CPU for what the device lacks (`session.disable_cpu_ep_fallback`).
 *
 * How it predicts. `float16`: its kernels compute in it. `int8`: so they do of what a model quantizes. `synchronous`: a prediction holds the thread that asked for it.
 * `one-thread-by default`: a session without a thread count runs on one.
 * `javascript`: it computes in plain JavaScript. `compiled-while-running`: its code is compiled while the first predictions run.
 * `tensors-by-hand`: its tensors live until they are disposed (`observe`).
 * `shaders`: the first prediction with a shape compiles the device's programs. `webassembly`: it computes in it. `page`: it runs in a
 * web page, whose headers decide about threads.
 *
 * What it is for. `reference`: it predicts where no engine is named, and the others' outputs are compared with its. `shipped`: what `fix` ships runs on
 * it, so that remedies are proven there. `alternative`: `fix` may ship this one in its place. `looked-at`: `fix` times it, and ships nothing for
 * it. `generated`:
 * what it runs is written for the model, and only some models can be: `fix` ships the code. `narrow-numbers`: numbers of 64 bits are computed
 * in 32, whatever the model says.
 */
export type EngineOffer =
  | 'threads'
  | 'process-threads'
  | 'worker-threads'
  | 'configuration'
  | 'direct-call'
  | 'reused-outputs'
  | 'node-times'
  | 'node-times-as-given'
  | 'kernel-names'
  | 'executed-graph'
  | 'roofs'
  | 'device-times'
  | 'device-tensors'
  | 'cpu-refused'
  | 'float16'
  | 'int8'
  | 'synchronous'
  | 'one-thread-default'
  | 'narrow-numbers'
  | 'javascript'
  | 'compiled-while-running'
  | 'tensors-by-hand'
  | 'shaders'
  | 'webassembly'
  | 'page'
  | 'reference'
  | 'shipped'
  | 'alternative'
  | 'looked-at'
  | 'generated'

/** A library that is no npm package, as a shipped folder opens a model with it. */
export interface ShippedLibrary {
  readonly name: 'OpenVINO' | 'LiteRT'
  /** The npm package that calls it, and the versions that do. */
  readonly calledBy: { readonly package: string; readonly range: string }
  readonly device: string
  readonly properties: Readonly<Record<string, string>>
  /** The environment variable that tells the folder where it is, and its file where it was found. */
  readonly place: { readonly variable: string; readonly file?: string }
}

export interface Engine {
  readonly id: string
  readonly title: string
  /** What it reads of itself; a model of another format is written as ONNX for it. */
  readonly formats: readonly string[]
  readonly runs: 'graph' | 'source'
  /** The npm package that brings it. */
  readonly package: string
  /** How it is got, if that is not by this package alone. */
  readonly install?: string
  /** What its kernels compute floats in, where it chooses that; absent: what the model has. */
  readonly precision?: 'float32' | 'float16' | 'bfloat16'
  /** What it is called in a sentence; engines of one library that differ in their precision or backend are called alike. */
  readonly runtime?: string
  /** The word by which fleets call what it computes on; absent: the CPU. */
  readonly accelerator?: 'cuda' | 'webgpu' | 'directml' | 'coreml' | 'gpu' | 'npu'
  /** What starting it takes in a fresh process at worst, ms; absent: next to nothing. */
  readonly startMs?: number
  /** The option that names where its library lies. */
  readonly placeOption?: 'openvino' | 'litert'
  /** What the engine offers in addition to predictions. */
  readonly offers: readonly EngineOffer[]
  /** Never throws. */
  available(places: EnginePlaces): Promise<Availability>
  /** Throws an Error whose message is the engine's own. */
  open(modelFile: string, options: OpenOptions): Promise<Session>
  /** What the shipped folder opens the model with; of engines that offer `alternative`. */
  shipped?(options: EngineOptions): ShippedLibrary
  /** Ends what the sessions of this process share, such as a browser. */
  end?(): Promise<void>
}
