// What measuring a generator in one process is told, and what it gives: plain data that crosses between processes.
import type { CallParts, DetokenizeFact, EncodedInput, Generation, GeneratorOptions } from '../generator.ts'
import type { HostFacts } from './host.ts'

export interface MeasurePlan {
  /** Prompts of the user, one call each in turn; null: made-up ones of `promptTokens` tokens. */
  readonly prompts: readonly string[] | null
  /** .wav files of the user in their place, for an encoder that reads sound; absent: none were given. */
  readonly sounds?: readonly string[]
  readonly promptTokens: number
  readonly newTokens: number
  /** The model's, if the engine does not say it. */
  readonly vocabulary: number | null
  /** Warm calls: at least `leastCalls`, and then more until `callsMs` are over or there are `mostCalls`. */
  readonly leastCalls: number
  readonly mostCalls: number
  readonly callsMs: number
  /** Tokens in the cache at which single steps are timed; of an engine without steps: lengths of prompts of whole calls. */
  readonly depths: readonly number[]
  /** Tokens that one engine call is fed, for the curve. */
  readonly several: readonly number[]
  /** How often each depth, and each count of tokens, has its turn. */
  readonly rounds: number
  /** Filling caches for the depths stops being worth it after this long. */
  readonly fillMs: number
  readonly naturalStop: boolean
  /** What comes after the warm calls is left out once the process has taken this long; null: nothing is. */
  readonly processMs: number | null
  /** Another one for each process, so that no prompt comes twice. */
  readonly seed: number
}

/** What a process opens, and the plan. */
export interface MeasureInput {
  readonly engine: string
  readonly source: string
  readonly options: GeneratorOptions
  readonly plan: MeasurePlan
}

/** One call, as a user makes it: tokenization included. */
export interface MeasuredCall {
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  /** Prompt tokens that only fill it; absent: none do. */
  readonly paddingTokens?: number
  /** null: they came in chunks, and nobody says how many a chunk holds. */
  readonly newTokens: number | null
  readonly endedByItself: boolean
  /** The time to the first token; of an engine that gives text alone, to the first text. */
  readonly firstMs: number
  /** Between the first token and the last, over the tokens after the first; null: only one, or their number is not known. */
  readonly perTokenMs: number | null
  readonly gapsMs: readonly number[]
  /** What the gaps are between: a chunk of text may hold several tokens. */
  readonly gapsAre: 'tokens' | 'chunks'
  readonly totalMs: number
  readonly tokenizeMs: number | null
  readonly parts: CallParts
  /** Absent: there is no encoder. */
  readonly encoded?: EncodedInput
  readonly detokenize?: DetokenizeFact
  readonly drafted?: Generation['drafted']
  /** Garbage collection during the call: until its first token, and after it. */
  readonly firstGarbageMs: number
  readonly garbageMs: number
  /** The prompt and what was generated, if the prompt is the user's and the engine gives ids. */
  readonly ids: readonly number[] | null
}

/** Times of single steps at one depth, or of calls with several tokens. */
export interface StepTimes {
  /** Tokens in the cache before the step, on average. */
  readonly depth: number
  readonly tokens: number
  readonly samplesMs: readonly number[]
  /** The engine's call within each. */
  readonly runMs: readonly number[]
}

/** Engine calls that feed a whole prompt: medians of the process; null: the engine does not tell it. */
export interface PrefillTimes {
  readonly runMs: number
  readonly feedsMs: number
  readonly logitsMs: number | null
}

export interface ProcessMeasurement {
  readonly engine: string
  readonly versions: Readonly<Record<string, string>>
  readonly vocabulary: number | null
  readonly context: number | null
  /** Threads that the engine says it computes with; absent: it does not say. */
  readonly threads?: number
  /** Threads that the engine's package would take by itself, more than there are CPUs. */
  readonly defaultThreads?: number
  /** Whether the engine can be started at a depth. */
  readonly hasSteps: boolean
  readonly openMs: number
  /** The whole process, opening included. */
  readonly tookMs: number
  readonly cold: MeasuredCall
  readonly calls: readonly MeasuredCall[]
  readonly natural: { readonly tokens: number; readonly totalMs: number } | null
  /** null: the engine has no steps. */
  readonly prefill: PrefillTimes | null
  readonly depths: readonly StepTimes[]
  readonly several: readonly StepTimes[]
  /** Calls for which no tokens were drafted, if they are otherwise; absent: there are none. */
  readonly undrafted?: readonly MeasuredCall[]
  /** What the calls cost the process that made them; absent: not watched. */
  readonly host?: HostFacts
  /** Why a part was cut short, by its name. */
  readonly reasons: Readonly<Record<string, string>>
}
