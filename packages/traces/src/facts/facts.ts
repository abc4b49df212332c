// What is worked out of a recording: what rules of traces look at, and what a report of one is written from. Times are of the recorded
// run, in ms; whoever says them says shares.
import type { FunctionRow, MemoryPeak, OperatorTable, RecordedDevice, TraceFormat } from '../recordings/recording.ts'

/** A partition of a time: the shares add up to 1. */
export interface DeviceShares {
  readonly lengthMs: number
  /** Kernels that compute. */
  readonly compute: number
  /** Between devices, if nothing computes. */
  readonly communication: number
  /** Copies and fills, where neither computes nor communicates. */
  readonly copy: number
  readonly idle: number
}

export interface TraceWindow {
  /** Length of all that is counted. */
  readonly lengthMs: number
  /** Loop steps in it; null: none are marked, the window is the whole recording. */
  readonly steps: number | null
  /** Length of one step, or of the whole window. */
  readonly stepMs: number
  /** What is not in it, in words: 'step 1, a warm-up'. */
  readonly leftOut: readonly string[]
}

/** What the host was at while the device had nothing to do, as shares of the window. They add up to the device's idle share. */
export interface IdleParts {
  readonly dataLoading: number
  readonly compiling: number
  readonly allocating: number
  /** Share in a call that waits for the device. */
  readonly synchronising: number
  readonly launching: number
  /** Share in the framework's operators, between their calls. */
  readonly dispatching: number
  /** Share in which nothing was recorded on the launching thread: Python, or another library. */
  readonly unrecorded: number
}

export interface DeviceFacts {
  /** As the file names it. */
  readonly name: string
  /** Shares of the window. */
  readonly shares: DeviceShares
  readonly kernels: number
  /** Kernels below TINY_US. */
  readonly tinyKernels: number
  readonly tinyMs: number
  /** Idle time that ends with a kernel which was launched only after it had begun: share of the window. */
  readonly hostWait: number
  readonly idleParts: IdleParts | null
  /** Share of the window from the end of a synchronization to the next work on the device. */
  readonly syncGap: number | null
  readonly syncs: number
  /** Duration of communication. */
  readonly communicationMs: number
  readonly overlappedCommunication: number
  readonly copies: CopyFacts
  /** Duration-weighted mean of the launch bound; null: not recorded. */
  readonly occupancyBound: number | null
}

export interface CopyFacts {
  readonly count: number
  readonly bytes: number | null
  readonly toDevice: number
  readonly toHost: number
  readonly onDevice: number
  readonly pageableBytes: number
  /** ms by direction, exposed or not. */
  readonly totalMs: number
}

export interface LaunchFacts {
  readonly count: number
  /** ms of launch calls. */
  readonly totalMs: number
  readonly medianUs: number
  /** Delay from the end of the call to the start on the device, median µs. */
  readonly medianDelayUs: number
  /** Launches whose work began before them: clocks that differ. */
  readonly negativeShare: number
}

/** Calls of one operator with inputs of one shape, or one kernel. */
export interface OperatorRow {
  readonly name: string
  readonly opType: string
  readonly shapes: readonly (readonly number[])[] | null
  readonly types: readonly string[] | null
  readonly calls: number
  /** Time in the window: on the device if there is one, its own time on the host otherwise. */
  readonly timeMs: number
  readonly kernel: string | null
  readonly flops: number | null
  readonly bytes: number | null
}

/** What is known of matrix products and convolutions on a device. */
export interface MatrixFacts {
  readonly totalMs: number
  readonly tensorCoresMs: number
  readonly plainMs: number
  readonly unknownMs: number
  /** Inputs of float32; null: types of inputs were not recorded. */
  readonly float32Ms: number | null
  readonly kernels: readonly string[]
}

/** What the main thread was at, as shares of the window that add up to 1: each without what those before it cover. */
export interface HostParts {
  readonly dataLoading: number
  readonly compiling: number
  readonly allocating: number
  readonly operators: number
  /** Calls and spans of the framework outside of operators. */
  readonly framework: number
  readonly unrecorded: number
}

export interface HostFacts {
  readonly parts: HostParts
  /** Share of the window on the main thread that no operator and no call covers. */
  readonly unrecorded: number
  /** The main thread's operators by their own time, share of the window. */
  readonly operators: number
  readonly dataLoading: number
  /** Share of the window while data was loaded and the device had nothing to do; of the host if there is no device. */
  readonly exposedDataLoading: number
  readonly compiling: number
  readonly compilations: number
  /** cudaMalloc, cudaFree and their like. */
  readonly allocating: number
  readonly allocations: number
  /** Share of the window that recorded Python frames ran themselves; null: not recorded. */
  readonly python: number | null
  readonly stacks: boolean
}

export interface TrainingFacts {
  /** Operators that only training needs, by name, with their calls. */
  readonly trainingOnly: readonly { readonly name: string; readonly calls: number }[]
  readonly trainingMs: number
  readonly backward: boolean
  /** Matrix products and convolutions that autograd numbered, and all of them. */
  readonly tracked: number
  readonly operators: number
  /** ms of the main thread's operators that are tracked. */
  readonly operatorsMs: number
}

export interface ShapeFacts {
  /** Shapes of matrix products and convolutions that were new after the first step. */
  readonly newShapes: number
  readonly operators: number
  /** What calls with a new shape took beyond the median call of their operator, share of the window. */
  readonly excess: number
}

export interface RecordedCall {
  readonly name: string
  readonly opType: string
  readonly shapes: readonly (readonly number[])[] | null
  readonly types: readonly string[] | null
  /** Time of one step, ms: on the device if there is one, on the host otherwise, with what it called. */
  readonly timeMs: number
}

export interface RecordedCalls {
  readonly calls: readonly RecordedCall[]
  /** Runs that called the same in the same order: times are their mean. */
  readonly runs: number
  /** Runs that called something else, left out. */
  readonly otherRuns: number
  /** ms of a run that none of these calls owns: views, kernels whose operator is not known. Of all runs, left out or not. */
  readonly restMs: number
}

/** Means over the requests of generated text; null: the file does not tell. */
export interface TokenFacts {
  readonly requests: number
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly generatedTokens: number | null
  readonly firstTokenMs: number | null
  /** Time of one token after the first. */
  readonly tokenMs: number | null
  /** What a request is made of; with what is in none of them they add up to the window's step. */
  readonly parts: Readonly<Record<TokenPart, number>>
  /** Share of the requests after the first that loaded the model, and what that took on average; null: not told, or one request. */
  readonly reloads: { readonly share: number; readonly ms: number } | null
  readonly gaps: { readonly p50Ms: number; readonly p99Ms: number } | null
  readonly tokensPerChunk: number | null
  /** Tests that have names, with the time of each. */
  readonly tests: readonly { readonly name: string; readonly ms: number }[]
}

/** `firstToken`: what is not distinguished before it, the queue included. */
export type TokenPart = 'load' | 'tokenize' | 'prompt' | 'firstToken' | 'decode' | 'sampling' | 'detokenize' | 'other'

export interface TraceFacts {
  readonly format: TraceFormat
  readonly version: string | null
  readonly recognisedBy: string
  readonly recordedWith: readonly string[]
  readonly devices: readonly RecordedDevice[]
  readonly slowed: boolean
  readonly warnings: readonly string[]
  readonly window: TraceWindow
  /** Shares of the device with most work, over its whole activity. */
  readonly shares: DeviceShares | null
  readonly otherDevices: readonly { readonly name: string; readonly shares: DeviceShares }[]
  readonly device: DeviceFacts | null
  readonly launches: LaunchFacts | null
  readonly host: HostFacts | null
  readonly matrix: MatrixFacts | null
  readonly training: TrainingFacts | null
  readonly shapes: ShapeFacts | null
  readonly memory: MemoryPeak | null
  readonly tracing: TracingFacts | null
  readonly operators: readonly OperatorRow[]
  /** Calls in the order of a step, if they were requested; the reason if there are none. */
  readonly calls?: RecordedCalls | string
  readonly functions: FunctionFacts | null
  readonly table: OperatorTable | null
  readonly tokens: TokenFacts | null
  /** Why a part is null: its key, one line with how to record it. */
  readonly missing: Readonly<Record<string, string>>
}

/** tf.function calls. */
export interface TracingFacts {
  readonly calls: number
  readonly expensiveCalls: number
  /** Share of the window. */
  readonly expensive: number
}

/** Facts of a profile of functions: where the program's time went, without imports and without waiting. Shares of what is left add up to 1. */
export interface FunctionFacts {
  readonly how: 'calls' | 'samples'
  readonly samples: number | null
  /** Share in the call of the model, with all that it calls; null: no such call was recognised. */
  readonly model: number | null
  /** Its name. */
  readonly modelCall: string | null
  /** The rest. */
  readonly outside: number | null
  /** The interpreter itself, native code apart; null: the format does not tell them apart. */
  readonly python: number | null
  /** Share of the whole recording. */
  readonly idle: number
  readonly imports: number
  /** ± of shares that were sampled: the interval of 95 %; 0 for counted calls. */
  readonly margin: number
  readonly rows: readonly FunctionRow[]
}
