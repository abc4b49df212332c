// How whyslow and the process that runs the user's code talk: lines of JSON. The process is given one plan as the first line of its
// standard input and answers with messages until `bye`; commands of `ab` follow on standard input. Node writes messages to descriptor 3,
// since it cannot move its standard output; other languages duplicate descriptor 1 before the user's code runs, and point 1 at 2, so that
// nothing the user prints can damage a message. What the user prints is drained and kept in part.
// Where the process is (stage and sample) stands in a file of four little-endian int32, written in place before each stage: it outlives a
// crash, a hang and an exit. [phase, stage, sample, call]; phase is an index of PHASES, stage of `hello.target.stages`, -1 if none.
import type { ChangedLine } from '@whyslow/report/documents/ab.ts'
import type { TorchFacts, TorchTrialBase } from '@whyslow/report/documents/report-torch.ts'
import type {
  AlternativeFact,
  CallFact,
  ImportFact,
  Language,
  LineFact,
  LoaderFact,
  LoopFact,
  PairedAlternative,
  ProcessFacts,
  SessionFact,
  SourcePattern,
  StageFact,
} from './facts.ts'

export const PHASES = ['start', 'import', 'load', 'samples', 'first', 'warm-up', 'timed', 'profiled', 'facts', 'end'] as const
export type Phase = (typeof PHASES)[number]

/**
 * What one process is to do. `time`: no profiler, nothing wrapped but stages. `profile`: a sampling profiler. `facts`: calls, types, sizes
 * and sessions, at whatever cost. `torch`: the modules of a PyTorch model, and other settings of it. `capture`: the models that predict, as files, and the changes
 * that have others predict in their place. Each is a process of its own.
 */
export type Pass = 'time' | 'profile' | 'facts' | 'torch' | 'capture'

export interface Plan {
  readonly pass: Pass
  /** Absolute. */
  readonly file: string
  /** 'module:function' without the module: the function to call; null: the file's stages, or the file itself as a script. */
  readonly call: string | null
  /** What --data named, absolute; null: the module's own samples. */
  readonly data: string | null
  /** For a script. */
  readonly arguments: readonly string[]
  /** How long to predict, ms; a script runs once. */
  readonly budgetMs: number
  readonly warmUpMs: number
  /** Timed calls at least, whatever they take within the process's limit. */
  readonly minCalls: number
  /** Sampling interval of the profiler, µs. */
  readonly intervalUs: number
  /** Where it is, for whoever looks after a crash: see above. */
  readonly stateFile: string
  /** Imports are to be timed module by module. */
  readonly importTimes: boolean
  /** A script that marks its stages and has not ended by then is told as it stands, ms; absent: it is waited for. */
  readonly openEndMs?: number
  readonly capture?: CapturePlan
}

export interface CapturePlan {
  /** Empty; for the models. */
  readonly folder: string
  /** That changed files import. */
  readonly package: string
  /** Those that were taken out of the program when it ran before, by the names that they keep; empty: it has not run. */
  readonly models: readonly Pick<CapturedModel, 'name' | 'engine' | 'type' | 'ran'>[]
  /** Names of models that are left as they are. */
  readonly without: readonly string[]
  /** Functions that a library's tokenizer stands in for. */
  readonly tokenizers: readonly CapturedTokenizer[]
}

export interface CapturedTokenizer {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly function: string | null
  readonly standIn: Readonly<Record<string, unknown>>
}

/** What the file turned out to be. */
export interface Target {
  readonly kind: 'stages' | 'function' | 'script'
  /** Stages in the order they run: 'preprocess', 'predict', 'postprocess'; the name of a function; none or the marks of a script. */
  readonly stages: readonly string[]
  /** First line of each stage's function, in the order of stages; null: not known. */
  readonly places: readonly ({ readonly file: string; readonly line: number } | null)[]
  /** The file gives a model, which whyslow calls itself. */
  readonly givesModel?: boolean
}

/** A setting of a PyTorch model, with the pairs that were timed: as it is, and set so. */
type PairedTorchTrial = TorchTrialBase & { readonly pairsMs: readonly (readonly [number, number])[] }

export interface Runtime {
  /** 'node', 'cpython'. */
  readonly name: string
  readonly version: string
  readonly executable: string
  /** How it was found, in words: 'named by --python', 'the environment /app/.venv'. */
  readonly from?: string
}

/** Calls one after the other; arrays of one length, one entry a call. */
export interface Block {
  /** false: only the whole call was timed, to learn what timing the stages costs. */
  readonly staged: boolean
  readonly wallMs: number
  readonly samples: readonly number[]
  readonly totalMs: readonly number[]
  /** Times of each stage, in their order; empty if not staged. */
  readonly stagesMs: readonly (readonly number[])[]
  readonly cpuMs: number | null
  readonly gcMs: number | null
}

export type Message =
  | {
      readonly kind: 'hello'
      readonly language: Language
      readonly runtime: Runtime
      readonly pid: number
      /** Versions of packages that matter, by name. */
      readonly packages?: Readonly<Record<string, string>>
    }
  /** For a script 0 at first, and again when it has run: what its imports took of the run. */
  | { readonly kind: 'imported'; readonly ms: number; readonly target: Target }
  /** What a script spent on opening models. */
  | { readonly kind: 'loaded'; readonly ms: number }
  | { readonly kind: 'samples'; readonly count: number; readonly source: 'module' | 'data' | 'none' }
  | { readonly kind: 'first'; readonly totalMs: number; readonly stagesMs: readonly number[] }
  | { readonly kind: 'warm'; readonly calls: number; readonly ms: number }
  | ({ readonly kind: 'block' } & Block)
  /** A script's stages by its own marks, or none: once, of the whole run. */
  | { readonly kind: 'script'; readonly totalMs: number; readonly marks: readonly MarkedStage[] }
  /** `p50Ms`: of a prediction of that pass, where what looks on takes time of its own; not there: as without. */
  | { readonly kind: 'stages'; readonly stages: readonly StageFact[]; readonly p50Ms?: number }
  | {
      readonly kind: 'lines'
      readonly lines: readonly LineFact[]
      /** How often the profiler looked, and over how many predictions. */
      readonly samples: number
      readonly predictions: number
      /** Median of a prediction while the profiler looked. */
      readonly p50Ms: number
    }
  | { readonly kind: 'stacks'; readonly stacks: Stacks }
  /** `p50Ms`: of a prediction while calls were looked at, which takes time of its own; not there: nobody knows. */
  | { readonly kind: 'calls'; readonly calls: readonly CallFact[]; readonly p50Ms?: number }
  | { readonly kind: 'loops'; readonly loops: readonly LoopFact[] }
  | { readonly kind: 'patterns'; readonly patterns: readonly SourcePattern[] }
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionFact[] }
  | { readonly kind: 'loaders'; readonly loaders: readonly LoaderFact[] }
  | { readonly kind: 'alternatives'; readonly alternatives: readonly (AlternativeFact | PairedAlternative)[] }
  | { readonly kind: 'imports'; readonly imports: readonly ImportFact[] }
  | { readonly kind: 'process'; readonly facts: ProcessFacts }
  | ({ readonly kind: 'captured' } & Captured)
  | { readonly kind: 'torch'; readonly facts: TorchFacts }
  | { readonly kind: 'torchTrial'; readonly trial: PairedTorchTrial }
  /** For the language's own side, which makes messages of it (`LanguageSide.complete`): a file of the pass. */
  | {
      readonly kind: 'raw'
      readonly what: 'cpu-profile' | 'probes'
      readonly file: string
      readonly predictions: number
      readonly p50Ms: number
    }
  /** What one fact rests on, or why it is not there. */
  | { readonly kind: 'warning'; readonly text: string }
  /** The user's code threw, or the contract is not met. The last message but `bye`. */
  | {
      readonly kind: 'failed'
      readonly phase: Phase
      readonly stage: string | null
      readonly sample: number | null
      readonly reason: string
      readonly place: { readonly file: string; readonly line: number } | null
      /** true: the file cannot be used as it is; false: its code failed while it ran. */
      readonly contract: boolean
    }
  | { readonly kind: 'bye' }

/** What `capture` took out of the program. */
export interface Captured {
  readonly models: readonly CapturedModel[]
  /** The user's files with the changes in them: all lines that differ. */
  readonly files: readonly ChangedFile[]
  /** The folder that their patch is applied in, absolute. */
  readonly root: string
  readonly kindOfProgram: Target['kind']
  /** Tokenizers written by hand. */
  readonly tokenizers: readonly SourcePattern[]
  /** Functions of a script that take a value; absent: it is no script. */
  readonly functions?: readonly string[]
}

export interface ChangedFile {
  /** Absolute. */
  readonly file: string
  readonly text: string
  readonly changes: readonly ChangedLine[]
  /** For `patch -p1` in `Captured.root`. */
  readonly diff: string
}

export interface CapturedModel {
  /** Its name in the package: 'model', 'model_2'. */
  readonly name: string
  readonly engine: string
  /** Its class. */
  readonly type: string
  readonly ran: { readonly file: string; readonly line: number; readonly function: string | null } | null
  /** Time of all its predictions, ms. */
  readonly timeMs?: number
  /** Why it was not; null: it was, and all below is there. */
  readonly reason: string | null
  /** The file that whyslow reads. It may be there even if no call can be redirected. */
  readonly file?: string
  /** The same as PyTorch, or skops for scikit-learn, writes it, which its own library opens; null: it cannot be written so. */
  readonly program?: string | null
  /** What it was given, as --data takes it; null: not known as numbers. */
  readonly data?: string | null
  /** Rows of its largest call. */
  readonly batch?: number
  /** What stands in for it is told this (ship/stand_in.py). */
  readonly standIn?: Readonly<Record<string, unknown>>
  readonly notes?: readonly string[]
}

/** Time between two marks of the user's own code: over the whole run. */
export interface MarkedStage {
  readonly name: string
  readonly timesMs: readonly number[]
  /** Time of the run, ms: each moment belongs to one stage alone, however calls overlap. Absent: they do not overlap, and it is the sum. */
  readonly wholeMs?: number
}

/** Call stacks for flame graphs: frames once, each sample from the root to the leaf, weights in ms. */
export interface Stacks {
  readonly frames: readonly { readonly name: string; readonly file: string | null; readonly line: number | null }[]
  readonly samples: readonly (readonly number[])[]
  readonly weightsMs: readonly number[]
}
