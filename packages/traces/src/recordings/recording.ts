// What every reader of this folder makes of a file: one recording, in one of three shapes. What a trace format calls its things ends
// here; whoever looks at a recording afterwards knows operators, kernels, copies, frames, and no format.

export type TraceFormat =
  | 'pytorch'
  | 'tensorflow'
  | 'xplane'
  | 'onnxruntime'
  | 'chrome'
  | 'cprofile'
  | 'speedscope'
  | 'collapsed'
  | 'pyinstrument'
  | 'scalene'
  | 'cpuprofile'
  | 'pprof'
  | 'nsys'
  | 'ncu'
  | 'rocprof'
  | 'tflite'
  | 'openvino-counters'
  | 'llama-cpp'
  | 'llama-bench'
  | 'ollama'
  | 'vllm-bench'
  | 'aiperf'
  | 'openvino-genai'

/** A device that the file describes. */
export interface RecordedDevice {
  readonly name: string
  /** NVIDIA's compute capability, as 8.0; null: another maker's, or not told. */
  readonly computeCapability: number | null
  readonly memoryBytes: number | null
  readonly multiprocessors: number | null
  /** Peaks that the file itself states, per second. */
  readonly flopsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

interface Common {
  readonly format: TraceFormat
  /** Version of the file's layout or of what wrote it, as the file tells it. */
  readonly version: string | null
  /** What the format was recognised by, in words. */
  readonly recognisedBy: string
  /** What was recorded in addition to times: shapes, stacks, memory, flops, modules. */
  readonly recordedWith: readonly string[]
  readonly devices: readonly RecordedDevice[]
  /** Recording costs time at every call, so that its milliseconds are not those of an unprofiled run. */
  readonly slowed: boolean
  /** What was damaged, left out or corrected. */
  readonly warnings: readonly string[]
}

/** Everything that happened, with its time. */
export interface TimelineRecording extends Common {
  readonly kind: 'timeline'
  readonly timeline: Timeline
  /** Memory of the allocator; null: not recorded. */
  readonly memory: MemoryPeak | null
  /** Calls of tf.function; absent or null: none. */
  readonly tracing?: Tracing | null
}

/** Calls of tf.function, those that were traced again or ran eagerly, and their times. */
export interface Tracing {
  readonly calls: number
  readonly expensiveCalls: number
  readonly totalUs: number
  readonly expensiveUs: number
}

/** Peak from instants of the allocator. */
export interface MemoryPeak {
  readonly reservedBytes: number
  readonly allocatedAtPeakBytes: number
  readonly allocations: number
  readonly allocatedBytes: number
}

/** Time by function of the user's program: calls or samples. */
export interface FunctionRecording extends Common {
  readonly kind: 'functions'
  readonly functions: FunctionTimes
}

/** Times of operators or kernels as a table without a timeline. */
export interface TableRecording extends Common {
  readonly kind: 'table'
  readonly table: OperatorTable
}

/** Times of requests whose answers were generated token by token. */
export interface TokenRecording extends Common {
  readonly kind: 'tokens'
  readonly requests: readonly TokenRequest[]
}

/** A request of generated text, or the mean of several. Times are ms; null: not told. */
export interface TokenRequest {
  /** How many it is the mean of. */
  readonly count: number
  /** A test's own name, as 'pp512'; null: a request as any. */
  readonly name: string | null
  /** Tokens of the prompt that were computed, and those that a cache held. */
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly generatedTokens: number | null
  readonly loadMs: number | null
  readonly tokenizeMs: number | null
  /** Computing the prompt. */
  readonly promptMs: number | null
  /** Time from the request to its first token. */
  readonly firstTokenMs: number | null
  /** Time of one token after the first. */
  readonly tokenMs: number | null
  /** All tokens after the first. */
  readonly decodeMs: number | null
  readonly samplingMs: number | null
  readonly detokenizeMs: number | null
  readonly totalMs: number | null
  /** Gaps between pieces of the answer, ms: each, or of all their percentiles. */
  readonly gaps: readonly number[] | { readonly p50Ms: number | null; readonly p99Ms: number | null } | null
  readonly tokensPerChunk: number | null
}

export type Recording = TimelineRecording | FunctionRecording | TableRecording | TokenRecording

/** What an event is. `slice` is anything that took time and that nothing more is known of. */
export const KINDS = [
  'slice',
  'op',
  'node',
  'session',
  'annotation',
  'launch',
  'runtime',
  'synchronization',
  'python',
  'kernel',
  'communication',
  'copy',
  'device-wait',
  'allocation',
] as const
export type Kind = (typeof KINDS)[number]
export const kindCode = (kind: Kind): number => KINDS.indexOf(kind)

/** Events as columns, in the order of the file, `length` of each: a few dozen bytes an event, so that millions fit. */
export interface Timeline {
  readonly length: number
  /** Index into KINDS. */
  readonly kind: Uint8Array
  /** µs from the first event of the file. */
  readonly startUs: Float64Array
  readonly durationUs: Float32Array
  /** Index into `names`. */
  readonly name: Uint32Array
  /** Index into `tracks`. */
  readonly track: Uint16Array
  /** Joins a launch with what it launched; 0: none. Unique within the file. */
  readonly correlation: Int32Array
  /** Joins a launch or a kernel with the operator that called it; 0: none. */
  readonly operator: Int32Array
  /** Index into `details`; 0: none. */
  readonly detail: Uint32Array
  readonly names: readonly string[]
  readonly tracks: readonly Track[]
  readonly details: readonly Detail[]
}

export interface Track {
  readonly process: string
  readonly thread: string
  /** As the file names them; null: it does not. */
  readonly processName: string | null
  readonly threadName: string | null
  /** Which device a device's row is of; null: a thread of the host. */
  readonly device: string | null
}

/** What is known of an event apart from its times; equal ones are one. A key is absent if the file does not tell it. */
export interface Detail {
  /** Shapes of an operator's inputs; [] for what is not a tensor. */
  readonly shapes?: readonly (readonly number[])[]
  readonly types?: readonly string[]
  /** Arguments of an operator that are not tensors, in their places. */
  readonly concrete?: readonly string[]
  /** Autograd numbered this call. */
  readonly sequence?: true
  /** Runs in the backward pass: the thread that ran it forward. */
  readonly backward?: true
  /** Bytes of a copy. */
  readonly bytes?: number
  /** Whether one end of a copy is host memory that is not pinned. */
  readonly pageable?: boolean
  readonly direction?: 'to-device' | 'to-host' | 'on-device' | 'fill'
  /** Bound of a kernel's occupancy from the geometry of the launch, 0..1. */
  readonly occupancyBound?: number
  readonly blocksPerMultiprocessor?: number
  readonly stream?: string
  /** The operator's type and where it ran: nodes of ONNX Runtime. */
  readonly opType?: string
  readonly provider?: string
  /** Kernels of a captured graph: one launch owns many. */
  readonly graph?: true
  /** Work, where the file states it. */
  readonly flops?: number
  readonly accessedBytes?: number
  readonly usesTensorCores?: boolean
  /** Which step of the loop, where the file numbers them. */
  readonly step?: number
}

export interface FunctionTimes {
  /** `calls`: counted at every call; `samples`: looked at every so often. */
  readonly how: 'calls' | 'samples'
  /** ms; null if only counts of samples are known. */
  readonly totalMs: number | null
  /** Samples of all functions together; null for calls. */
  readonly samples: number | null
  /** Rows of functions: self times add up to the whole of what was recorded. */
  readonly rows: readonly FunctionRow[]
  /** The call of a model, by its library, with all that it calls: share of the whole; null: none is recognised. */
  readonly model: { readonly name: string; readonly share: number } | null
  /** Share of the whole: importing modules. */
  readonly importShare: number
  /** Share of the whole: waiting. */
  readonly idleShare: number
  /** Share of the whole: the interpreter itself, without native code; null: the format does not tell. */
  readonly pythonShare: number | null
}

export interface FunctionRow {
  readonly name: string
  /** null: native code, or not told. */
  readonly file: string | null
  readonly line: number | null
  readonly language: 'python' | 'javascript' | 'native' | 'other'
  /** 0..1 of the whole; self times of all rows add up to 1. */
  readonly selfShare: number
  /** Share with what it called; null: not told. Recursion is counted once. */
  readonly totalShare: number | null
  readonly calls: number | null
  /** Share of self time outside the interpreter; null if the format does not tell. */
  readonly nativeShare: number | null
  /** Called, directly or not, by the model's call. */
  readonly inModel?: true
}

export interface OperatorTable {
  /** `prediction`: times of one prediction, that add up; `replayed`: each alone, of which no sum is told. */
  readonly of: 'prediction' | 'replayed'
  readonly rows: readonly OperatorTableRow[]
}

export interface OperatorTableRow {
  readonly name: string
  readonly opType: string
  readonly timeMs: number
  readonly calls: number | null
  /** What ran it, as the file names it. */
  readonly kernel: string | null
  /** Measured shares of what the device can do; absent: not told. */
  readonly computeShare?: number
  readonly memoryShare?: number
  readonly occupancy?: number
}
