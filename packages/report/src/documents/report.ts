// The report document, version 2: a public contract that every renderer reads. It imports nothing but parts of itself. Version 1 differs in
// what p90 to p99 are: bounds in reports of models, interpolated from few calls in those of pipelines.
// Times in milliseconds, sizes in bytes, shares 0..1, rates per second. Absent knowledge is null with its reason next to it, never 0.
import type { CommandToType, ReportFix, ReportQuantization } from './report-fix.ts'
import type { PipelineSection, ReportLine, ReportStage } from './report-pipeline.ts'
import type { TraceSection } from './trace-section.ts'
import type { TrialAgreement } from './trial-agreement.ts'

export const REPORT_SCHEMA = 'whyslow-report/2'

/** Whether a document is a report, of any version. */
export const isReport = (schema: unknown): boolean => schema === REPORT_SCHEMA || schema === 'whyslow-report/1'

export type AreaName = 'architecture' | 'hardware' | 'software'
export type PartArea = 'architecture' | 'hardware' | 'software' | 'unexplained'

export interface ReportDocument {
  readonly schema: 'whyslow-report/1' | 'whyslow-report/2'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string // the one sentence of the first screen
  readonly model: null | ReportModel // null if the evidence has none (a trace, a pipeline without a known model)
  readonly machine: ReportMachine
  readonly engine: null | ReportEngine
  readonly latency: null | ReportLatency
  readonly metric?: null | MetricValue // of its outputs on the labels of --data: accuracy, mse or mae; absent: no labels
  readonly memory: ReportMemory | null
  readonly device?: null | ReportDevice // per prediction; null on the CPU
  readonly operatorExperiments?: null | ReportExperiments // operators timed alone, as they are and changed; null: none were
  readonly sweeps: readonly ReportSweep[]
  readonly profile: ReportProfile | null
  readonly breakdown: readonly BreakdownPart[] // adds up to p50Ms
  readonly areas: Readonly<Record<'architecture' | 'hardware' | 'software' | 'unexplained', AreaTime>>
  readonly nodes: readonly ReportNode[]
  readonly findings: readonly ReportFinding[] // ranked, largest saving first; an unknown one ranks by timeMs, after savings as large
  readonly clear: readonly string[]
  readonly doesNotApply?: readonly string[] // rules about what is not in use: a GPU, WebAssembly
  readonly notChecked: readonly NotChecked[]
  readonly trials: readonly ReportTrial[]
  /** What exact remedies together would give, from experiments on operators alone; absent in documents from before it was told. */
  readonly foretold?: null | ReportEstimate
  readonly fix?: null | ReportFix
  readonly quantization?: null | ReportQuantization // absent: not looked for
  /**
   * Of a recording by another tool: where it is, latency is null and times are of the recorded run, which recording slows, unless latencyMs
   * is given.
   */
  readonly trace?: null | TraceSection
  /** The user's own pipeline, if one was given: with what is unexplained they add up to p50Ms. */
  readonly stages: readonly ReportStage[] | null
  readonly lines?: readonly ReportLine[] | null // hot lines of a pipeline, hottest first
  readonly pipeline?: null | PipelineSection
  readonly warnings: readonly string[]
}

export interface ReportModel {
  readonly file: string
  readonly format: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly opsets: Readonly<Record<string, number>>
  readonly producer: string | null
  readonly parameters: number
  readonly nodes: number
  readonly macs: number | null
  readonly flops: number | null
  readonly inputs: readonly ReportInput[] // without initializers that are listed as inputs
  readonly outputs: readonly ReportOutput[]
}

export interface ReportInput {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly assumed: readonly string[] // the dimensions that were guessed
  /** The same with the flag that changes each: --batch, or --shape and the whole shape. */
  readonly assumptions: readonly { readonly text: string; readonly flag: string }[]
  readonly source: 'data' | 'synthetic'
  /** What the values of a synthetic input resemble. Documents of versions before have none. */
  readonly likeness?: ReportLikeness
}

export interface ReportLikeness {
  readonly of: 'photo' | 'scan' | 'speech' | 'music' | 'sentences' | 'ids' | 'rows' | 'series' | 'constant' | 'noise'
  readonly range: readonly [number, number] | null // of the values; null: unknown, or they are no numbers
  readonly why: string // one sentence: what told the content and the range
}

export interface ReportOutput {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[] | null // as run; null: not a tensor
}

export interface ReportMachine {
  readonly cpu: string
  readonly usableCpus: number | null // null, as memoryBytes: of a recording, which does not tell
  readonly quotaCpus: number | null
  readonly memoryBytes: number | null
  readonly isa: readonly string[]
  readonly accelerators: readonly string[]
  readonly caches: Readonly<Record<string, number | null>>
  readonly virtualised: boolean | null
  readonly roofs: readonly ReportRoofs[]
}

/** Keys: float32, int8 …; L1, L2, L3, DRAM (a level that cannot be measured honestly is null). */
export interface ReportRoofs {
  readonly threads: number
  readonly flopsPerSecond: Readonly<Record<string, number>>
  readonly bytesPerSecond: Readonly<Record<string, number | null>>
  readonly elementsPerSecond?: Readonly<Record<string, number>> // elementwise operators on data in the nearest cache, by operator
  readonly reasons?: Readonly<Record<string, string>> // why a level is null, by its key
}

export interface ReportEngine {
  readonly id: string
  readonly version: string
  readonly device: string
  readonly deviceKind?: 'cpu' | 'gpu' | 'npu' | 'software-gpu' | null // software-gpu: a graphics driver that computes on the CPU
  readonly precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
  /**
   * The installation: its folder, or the interpreter; below the current folder, or with ~ for the home folder; absent in reports from before
   * it was told.
   */
  readonly from?: string
  readonly options: { readonly threads: number | null; readonly [option: string]: unknown }
}

export interface ReportLatency {
  readonly loadMs: number
  readonly firstMs: number
  readonly warmupMs: number
  readonly p50Ms: number
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null // p90 to p99: estimates of the samples, by nearest rank; null: too few (64, 130, 662)
  readonly p90UpperMs?: number | null // what each does not exceed with 99 % confidence, as far as samples are independent
  readonly p95UpperMs?: number | null
  readonly p99UpperMs?: number | null // absent in version 1, whose p90 to p99 were such bounds
  readonly ciLowMs: number
  readonly ciHighMs: number
  readonly samplesMs: readonly number[]
  readonly blocks: readonly ReportBlock[] // one per process
  readonly trust: 'A' | 'B' | 'C' | 'D'
  readonly reasons: readonly string[]
}

export interface ReportBlock {
  readonly process: number
  readonly p50Ms: number
  readonly handoffNs: number | null
  readonly regime: string
  readonly waitedMs: number
  readonly throttledMs: number
  readonly stolenMs: number
  readonly majorFaults: number
  readonly gcMs: number
  readonly loadMs?: number
  readonly firstMs?: number
  readonly warmupMs?: number
  readonly warmupRuns?: number
  readonly waitAtMedianMs?: number // wait for a CPU inside the samples near the median, ms per prediction
  readonly samplesMs?: readonly number[] // all of its own in order, also where its regime is not the one that p50Ms is of
}

export interface MetricValue {
  readonly name: string
  readonly value: number
  readonly rows: number
}

export interface ReportMemory {
  readonly weightsBytes: number
  readonly loadPeakBytes: number | null
  readonly predictPeakBytes: number | null
  readonly keptBytes?: number | null // what stays allocated between predictions beyond the weights
  readonly limitBytes?: number | null
}

export interface ReportDevice {
  readonly kernelsMs: number | null // by the device's own clock
  readonly uploadMs: number
  readonly downloadMs: number
  readonly restMs: number | null // of the p50: handing out work, waiting
  readonly nodesOnDevice: number | null
  readonly nodesOnCpu: readonly { readonly name: string; readonly opType: string; readonly timeMs: number }[] | null
  /** Longest first. */
  readonly programs: readonly {
    readonly node: string
    readonly opType: string
    readonly program: string
    readonly timeMs: number
    readonly runs: number
  }[]
  /** Kernels by operator, longest first; null: the device gives no times. */
  readonly operators?: readonly { readonly opType: string; readonly timeMs: number; readonly nodes: number }[] | null
  readonly needsCpu?: boolean | null // the engine refuses the model where the CPU may not help; null: not known
  /** Times with inputs and outputs kept on the device, in turns with ones that are copied; null: not measured. */
  readonly bound?: null | {
    readonly copiedMs: number
    readonly boundMs: number
    readonly ratio: number // bound / copied, median over rounds
    readonly ratioLow: number
    readonly ratioHigh: number
    readonly rounds: number
  }
}

export interface ReportExperiments {
  readonly rows: readonly ExperimentRow[]
  readonly left: readonly { readonly nodes: readonly string[]; readonly opTypes: readonly string[]; readonly reason: string }[]
  readonly coveredShare: number // of the nodes' time above their floors
}

export interface ExperimentRow {
  readonly nodes: readonly string[] // executed nodes that are alike, or of a run of operators all of its nodes
  readonly opTypes: readonly string[]
  readonly shapes: string
  readonly copies: number // how often it runs in a prediction
  readonly aloneMs: number // one run outside of the model, the call taken off
  readonly insideMs: number // one run within the model
  readonly variants: readonly {
    readonly kind: string // what was changed: one-thread, plain-layout, relu, rewrite, int8 …
    readonly remedy: string | null // of a rewrite
    readonly detail: string
    readonly ratio: number // changed / as it is
    readonly ratioLow: number
    readonly ratioHigh: number
  }[]
}

export interface ReportSweep {
  readonly dimension: string
  readonly unit: string
  readonly points: readonly { readonly at: number; readonly p50Ms: number; readonly ciLowMs: number; readonly ciHighMs: number }[]
  readonly fit: { readonly fixedMs: number; readonly perUnitMs: number } | null
}

export interface ReportProfile {
  readonly overheadPerNodeUs: number
  readonly profiledP50Ms: number
  readonly correction: string
}

export interface AreaTime {
  readonly timeMs: number
  readonly share: number
}

export interface BreakdownPart extends AreaTime {
  readonly part: string
  readonly area: PartArea
}

export interface ReportNode {
  readonly name: string
  readonly opType: string
  /**
   * The user's nodes in it, each by its name, else by its first output's name; never an empty string; for what the engine put in
   * (ReorderInput, Cast, copies): the node whose value it converts.
   */
  readonly origin: readonly string[]
  readonly timeMs: number
  readonly share: number
  readonly macs: number | null
  readonly flops: number | null
  readonly bytes: number | null
  readonly floorMs: number | null
  readonly bound: 'compute' | 'memory' | 'overhead' | null
  /**
   * Where its time belongs, together timeMs; null: not known. A recurrent node's floor is architecture, any other's what floorMs is on; the
   * rest is software.
   */
  readonly areasMs: { readonly architecture: number; readonly hardware: number; readonly software: number } | null
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly rawMs?: number // as the profiler gave it, its own cost included
  readonly runsPerPrediction?: number // nodes of loop bodies and branches run more or less than once
  readonly kernel?: string // what ran it, by the engine's own name; absent where the engine does not tell
  readonly aboveRoof?: string | null // why a node can be faster than its measured roof, where it is by more than 10 %
}

export interface ReportFinding {
  readonly rule: string
  readonly area: AreaName
  readonly title: string
  readonly detail: string
  readonly timeMs: number
  readonly wouldSaveMs: number | null // 0: a note; null: nobody knows, savingUnknown says why
  readonly savingUnknown?: string
  readonly basis: 'measured' | 'modelled' // how the saving is known; if it is not, how the time is
  readonly nodes: readonly string[]
  readonly next: string | null // the command to type, ready to paste
  readonly run?: CommandToType | null // the same as data; absent in documents from before it was given
  readonly timeShare?: number // of a trace: of a step
  readonly wouldSaveShare?: number // at most
  /** The numbers of `detail`, as data; units: ms, ns, bytes, share, ratio, or what is counted. */
  readonly facts: readonly { readonly name: string; readonly value: number; readonly unit: string }[]
  readonly places: readonly CodePlace[] // of the user's own code; [] where none
  readonly replacement?: null | CodeReplacement // run on the values that the user's code saw; null or absent: none was
}

export interface CodePlace {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

export interface CodeReplacement {
  readonly language: 'javascript' | 'python'
  readonly form: string // what does the work: 'numpy', 'python', 'typed array', 'kernel with SIMD', 'as one batch'
  readonly code: readonly string[] // lines to paste
  readonly beforeMs: number // per prediction, in turns
  readonly afterMs: number
  readonly factor: number // before / after, with its interval
  readonly factorLow: number
  readonly factorHigh: number
  readonly equal: 'bits' | 'rounding'
  readonly on: string // the values that were compared
}

export interface NotChecked {
  readonly rule: string
  readonly reason: string
}

export interface ReportTrial {
  readonly remedies: readonly string[]
  readonly outcome: 'faster' | 'slower' | 'no-difference' | 'rejected' | 'failed'
  readonly reason: string | null
  readonly beforeMs: number | null
  readonly afterMs: number | null
  readonly speedup: number | null
  readonly speedupLow: number | null
  readonly speedupHigh: number | null
  readonly took: boolean | null
  readonly changes: readonly string[]
  readonly agreement: TrialAgreement | null
  readonly sizeBytes: number | null
  readonly peakBytes: number | null
  readonly name?: string // the remedy with its variant: 'thread-count 1'
  readonly kept?: boolean // part of what was handed over
  readonly pairs?: number | null // pairs of fresh processes behind the interval; null: only looked at, or not measured
  readonly predictedSpeedup?: number | null // as the diagnosis expected it before the trial
  /** That a first look showed, after which it was not judged in pairs; null: it was, or was not looked at. */
  readonly lookedSpeedup?: number | null
  /** Why it is not wanted, though it was faster in a first look; null: nothing is against it. */
  readonly refused?: string | null
}

export interface ReportEstimate {
  readonly ms: number
  readonly low: number
  readonly high: number
  readonly remedies: readonly string[]
  readonly onWhole?: true // one of them on the whole model
}
