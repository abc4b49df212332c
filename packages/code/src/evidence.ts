// What was measured of a pipeline, complete before any rule looks at it: of all processes and passes, in every language the same.
import type { TorchSection } from '@whyslow/report/documents/report-torch.ts'
import type {
  AlternativeFact,
  CallFact,
  CodePlace,
  ImportFact,
  Language,
  LineFact,
  LoaderFact,
  LoopFact,
  ProcessFacts,
  SessionFact,
  SourcePattern,
  StageFact,
} from './facts.ts'
import type { Runtime, Stacks, Target } from './protocol.ts'

/** One stage: what its calls took, and what is known of it. They and `unexplainedMs` add up to p50Ms. */
export interface Stage {
  readonly name: string
  /** Its part of the p50. */
  readonly timeMs: number
  /** The p50 of its own calls; null: none was timed. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly place: { readonly file: string; readonly line: number } | null
  /** null: the pass that tells it failed. */
  readonly facts: StageFact | null
}

export interface PipelineLatency {
  readonly p50Ms: number
  /** Interval of the p50, over processes. */
  readonly ciLowMs: number
  readonly ciHighMs: number
  readonly importMs: number
  /** null: there is no load. */
  readonly loadMs: number | null
  readonly firstMs: number
  readonly warmUpMs: number
  readonly samplesMs: readonly number[]
  /** p50 of each process. */
  readonly processesMs: readonly number[]
  /** Time with stages timed over time without, minus 1; null: not measured. */
  readonly timingOverhead: number | null
  /** Time with the profiler over time without, minus 1; null: not measured. */
  readonly profilerOverhead: number | null
}

export interface PipelineEvidence {
  readonly language: Language
  readonly runtime: Runtime
  /** As the user wrote it. */
  readonly file: string
  readonly call: string | null
  readonly target: Target
  readonly samples: { readonly count: number; readonly source: 'module' | 'data' | 'none' }
  readonly packages: Readonly<Record<string, string>>
  readonly latency: PipelineLatency
  readonly stages: readonly Stage[]
  readonly unexplainedMs: number
  /** undefined: the profiled pass failed; `absent` has the reason. */
  readonly lines?: readonly LineFact[]
  readonly lineSamples?: number
  readonly stacks?: Stacks
  /** undefined: the pass of facts failed. */
  readonly calls?: readonly CallFact[]
  readonly loops?: readonly LoopFact[]
  readonly sessions?: readonly SessionFact[]
  readonly loaders?: readonly LoaderFact[]
  readonly patterns?: readonly SourcePattern[]
  /** undefined: the user's code calls no PyTorch module, or the pass that divides its time failed. */
  readonly torch?: TorchSection
  readonly alternatives: readonly AlternativeFact[]
  readonly imports: readonly ImportFact[]
  readonly whole: ProcessFacts
  /** Replacements that were run on the values that the user's code saw. */
  readonly replacements: readonly Replacement[]
  /** Why something is undefined, by its name. */
  readonly absent: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** Code that does the same as a place of the user's, run together with it on the values that it saw, compared and timed in turns. */
export interface Replacement extends CodePlace {
  /** The finding that it cures. */
  readonly rule: string
  readonly language: Language
  /** Lines to paste. */
  readonly code: readonly string[]
  /** What does the work: 'numpy', 'python', 'typed array', 'wasm-simd', 'as one batch'. */
  readonly form: string
  /** Per prediction, in turns. */
  readonly beforeMs: number
  readonly afterMs: number
  /** before / after, and its interval. */
  readonly factor: number
  readonly factorLow: number
  readonly factorHigh: number
  readonly equal: 'bits' | 'rounding'
  /** What was compared: '1,000,000 elements of float64, 12 calls'. */
  readonly on: string
}
