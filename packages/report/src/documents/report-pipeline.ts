// The parts of a report document that are about the user's own code around the model: what `pipeline` writes.
import type { TorchSection } from './report-torch.ts'

export interface ReportStage {
  readonly name: string
  readonly timeMs: number
  readonly share: number
  readonly p50Ms?: number | null // of the stage alone; null: it was never timed
  readonly p99Ms?: number | null
  readonly cpuMs?: number | null
  readonly nativeMs?: number | null // in engines, add-ons, NumPy
  readonly waitMs?: number | null
  readonly gcMs?: number | null
  readonly allocatedBytes?: number | null
  readonly eventLoopDelayMs?: number | null
  readonly file?: string | null
  readonly line?: number | null
}

export interface ReportLine {
  readonly file: string
  readonly line: number
  readonly function: string | null
  readonly language: 'javascript' | 'python'
  readonly timeMs: number
  readonly share: number
  readonly shareLow?: number // as far as this many samples of the profiler show
  readonly shareHigh?: number
  readonly nativeShare: number | null
  readonly waitShare?: number | null
  readonly stage?: string | null
}

export interface PipelineSection {
  readonly language: 'javascript' | 'python'
  /** from: how it was found, if there was a choice. */
  readonly runtime: { readonly name: string; readonly version: string; readonly executable: string; readonly from?: string }
  readonly file: string
  readonly call: string | null
  readonly kind: 'stages' | 'function' | 'script'
  readonly samples: { readonly count: number; readonly source: 'module' | 'data' | 'none' }
  readonly importMs: number
  readonly loadMs: number | null
  readonly firstMs: number
  readonly warmUpMs: number
  readonly processesMs: readonly number[] // the p50 of each process
  readonly unexplainedMs: number
  readonly timingOverhead: number | null // with stages timed over without, minus 1; null: not measured
  readonly profilerOverhead: number | null
  readonly lineSamples: number | null // samples of the profiler behind `lines`
  readonly packages: Readonly<Record<string, string>>
  readonly sessions: readonly PipelineSession[]
  readonly imports: readonly { readonly module: string; readonly selfMs: number; readonly totalMs: number }[]
  /** The lines that `lines` and findings name, with two around each; files that changed since are left out. */
  readonly sources?: readonly PipelineSource[]
  readonly inner?: null | InnerModel // the model file that predict runs, measured alone: `model`, `engine` and `nodes` are its
  readonly innerReason?: string | null // why there is none
  readonly torch?: null | TorchSection // the PyTorch model that takes most of the time, by module and operator
}

export interface PipelineSession {
  readonly engine: string
  readonly version: string | null
  readonly modelFile: string | null
  readonly device: string | null
  readonly threads: number | null
  readonly method: string
  readonly stage: string | null
  readonly runsPerPrediction: number
  readonly runMs: number
  readonly opensPerPrediction: number
}

export interface PipelineSource {
  readonly file: string
  readonly lines: readonly { readonly line: number; readonly text: string }[]
}

export interface InnerModel {
  readonly answer: string
  readonly p50Ms: number // of one run of the model alone
  readonly breakdown: readonly {
    readonly part: string
    readonly area: 'architecture' | 'hardware' | 'software' | 'unexplained'
    readonly timeMs: number
    readonly share: number
  }[]
}
