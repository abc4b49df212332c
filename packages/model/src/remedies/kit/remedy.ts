// A remedy proposes a changed setup; whether it is faster and right is measured by `tune/`. Remedies are pure: what needs an engine
// or WebAssembly is handed in as a tool.

import type { Cut } from '@whyslow/graph/cut.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { DType, GraphView, TensorType } from '@whyslow/graph/types.ts'
import type { UnfusedGroup } from '@whyslow/measure/engines/onnxruntime/int8/unfused.ts'
import type { EngineOffer, EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { AllowedLoss } from '@whyslow/measure/outputs/index.ts'
import type { Profile, Sweep } from '@whyslow/measure/timing/types.ts'

/** What is to get better: time per prediction, time per sample, time from `load()` to the first result, memory kept, bytes on disk. */
export const goals = ['latency', 'throughput', 'load-time', 'memory', 'size'] as const
export type Goal = (typeof goals)[number]

/** exact: same arithmetic on same numbers. rounding: equal but for the order of additions. approximate: a stated loss. */
export type Effect = 'exact' | 'rounding' | 'approximate'

/** What predictions run with. A remedy changes the model, the engine's options, or the samples in a prediction. */
export interface RemedySetup {
  readonly model: Model
  readonly options: EngineOptions
  /** Samples in a prediction, as multiple of what the user's inputs hold. */
  readonly batchFactor: number
  /** True once the model is bound to this machine: weights laid out for its instruction set. */
  readonly machineBound: boolean
  /**
   * What runs it in place of the engine that the original is measured on; absent: that one. `opens`: the file as it was given, where the
   * model is still what was read of it. `format`: what it is given if that is not ONNX; the file as it was given where that is of this
   * format and the model still what was read of it. `cut`: it runs what is before or behind these values, and that engine what stays.
   */
  readonly engine?: {
    readonly id: string
    readonly version: string
    readonly opens?: 'source'
    readonly format?: 'tflite' | 'tfjs'
    readonly cut?: Cut
  }
}

/** An engine of this machine that may run the model in place of the one that it was measured on. */
export interface OtherEngine {
  readonly id: string
  readonly version: string
  /** As a sentence has it: 'OpenVINO 2026.4.1 in float32'. */
  readonly name: string
  /** What its outputs may differ by. */
  readonly effect: Effect
  /** What it runs is written for the model. */
  readonly generated?: true
  /** Ends of the model that it can run, each with the names of its nodes; absent: it runs the whole. */
  readonly ends?: readonly { readonly variant: string; readonly cut: Cut; readonly nodes: readonly string[] }[]
  /** It reads the format of the user's own file, and is given that where the model is still what was read of it. */
  readonly opens?: 'source'
  /** What it is given in place of ONNX, which it does not read. */
  readonly format?: 'tflite' | 'tfjs'
  /** It computes in int8 what a model quantizes in this form; absent: nothing is quantized for it. */
  readonly int8?: Int8Form
  /** What it is called, where the user's file is of its own format: that probably runs on it today. */
  readonly runsFileToday?: string
  /** It predicts on one thread if it is told no number of them; absent: it finds its own. */
  readonly oneThreadUntold?: true
  /** Why the user does not want it, as a sentence's end; null: it may be shipped. */
  readonly refused: string | null
  /** Why it may be shipped with a model in fewer bits alone, as a sentence's end; absent: with any. */
  readonly refusedInFloat?: string
}

/**
 * How an engine is told what to compute in int8. onnx: operators read from DequantizeLinear, weights too. tflite: it gets a file in int8,
 * written of a float model whose activations are marked with their ranges.
 */
export type Int8Form = 'onnx' | 'tflite'

export interface RemedyInput extends TensorType {
  readonly name: string
  readonly freeAxes: readonly { readonly axis: number; readonly symbol: string }[]
}

/** What the diagnosis found, as far as remedies look at it. */
export interface FindingFacts {
  readonly rule: string
  readonly timeMs: number
  readonly wouldSaveMs: number | null
  readonly nodes: readonly string[]
}

export interface RemedyEvidence {
  readonly goal: Goal
  readonly engine: { readonly id: string; readonly version: string }
  /** Others of this machine that a setup may name; absent: none was looked for. */
  readonly otherEngines?: readonly OtherEngine[]
  readonly offers: readonly EngineOffer[]
  /** Threads of the engine's pool with the user's options. */
  readonly threadsInUse: number
  readonly usableCpus: number
  readonly instructionSets: readonly string[]
  readonly p50Ms: number
  /** Profile of the untouched original. */
  readonly profile?: Profile
  readonly threadSweep?: Sweep
  readonly batchSweep?: Sweep
  readonly findings: readonly FindingFacts[]
  /** What each remedy gave on operators alone, ms a prediction over all of them, and its interval; below 0: slower. */
  readonly alone?: ReadonlyMap<string, { readonly ms: number; readonly low: number; readonly high: number }>
  /** The graph's inputs as fed, without initializers. */
  readonly inputs: readonly RemedyInput[]
  readonly outputs: readonly { readonly name: string; readonly dtype: DType | null; readonly shape: readonly number[] | null }[]
  readonly constraints: {
    /** Symbolic dimensions may be fixed to the shapes fed. */
    readonly fixShapes: boolean
    /** The only outputs asked for; null: all of them. */
    readonly outputs: readonly string[] | null
    /** Largest loss allowed; null: approximate remedies are off. */
    readonly maxLoss: AllowedLoss | null
  }
}

export interface RemedyTools {
  /** The model as the engine optimizes it at this level, weights included. Throws if the engine refuses. */
  readonly optimize: (setup: RemedySetup, level: 'basic' | 'extended' | 'all') => Promise<Model>
  /** Constant folding and simplification by the `onnxsim` package; absent if it is not installed. */
  readonly simplify?: (model: Model) => Promise<Model>
  /** The precision of each layer, chosen by measuring; none: no layer gains, or loses little enough. Absent: not asked for. */
  readonly precision?: (model: Model, method: PrecisionMethod) => Promise<readonly PrecisionPlan[]>
  /** Static int8 for another engine, layers chosen by its kernels and by the outputs; none: they lose too much. Absent as `precision` is. */
  readonly int8On?: (model: Model, form: Int8Form) => Promise<readonly PrecisionPlan[]>
  /** Smallest and largest number that each of these float values holds on the user's own inputs; absent if those are made up. */
  readonly ranges?: (
    setup: RemedySetup,
    values: readonly string[],
  ) => Promise<ReadonlyMap<string, { readonly low: number; readonly high: number }>>
}

/** How numbers of fewer bits are used: see quantize/write/choice.ts. */
export const precisionMethods = ['dynamic', 'static', 'weights'] as const
export type PrecisionMethod = (typeof precisionMethods)[number]

/** A model in fewer bits, and what that is expected to save. */
export interface PrecisionPlan {
  /** Tells plans of one method apart; '' for the only one. */
  readonly variant: string
  /** Made from the model given after rewrites that change no output. */
  readonly quantized: { readonly model: Model; readonly changes: readonly string[] }
  /** Saving by the times of its operators, ms per prediction; null if none were measured. */
  readonly savingMs: number | null
}

/** One changed setup to try. */
export interface Proposal {
  /** Tells proposals of one remedy apart: '2', 'basic'; '' for the only one. */
  readonly variant: string
  readonly setup: RemedySetup
  /** What was changed, one line each, as its reader would say it. */
  readonly changes: readonly string[]
  /** Saving per prediction that is expected before the trial, ms; null if nothing is known. */
  readonly predictedSavingMs: number | null
  /** The plan by which its model has fewer bits, if the remedy's other proposals have not. */
  readonly precision?: { readonly method: PrecisionMethod; readonly plan: string }
  /** Effect of this proposal, if it is not the remedy's. */
  readonly effect?: Effect
  /** Why it may not be kept: it is looked at all the same, so that the reader knows what it would give. */
  readonly refused?: string
  /** Looks for what it wanted in the graph that the engine then runs; absent: the effect on time is the only proof. */
  readonly took?: (executed: GraphView) => boolean
}

export interface Remedy {
  readonly id: string
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  /** Ids of the finding rules that it treats. */
  readonly treats: readonly string[]
  readonly effect: Effect
  readonly kind: 'settings' | 'rewrite' | 'batch' | 'engine'
  /** A setting that acts on whatever engine a setup names; the others are onnxruntime's. */
  readonly anyEngine?: true
  /** Goals that it can serve. */
  readonly goals: readonly Goal[]
  /** True of a quantized group that it brings to run in int8, or takes the quantization from. */
  readonly repairs?: (group: UnfusedGroup) => boolean
  /** What it gives shows between operators (fusions, layouts) more than on them alone: the whole model tells, if it is timed along with them. */
  readonly betweenOperators?: true
  /** The method by which it uses fewer bits. */
  readonly precision?: PrecisionMethod
  /** Asked after the others, about what they leave: finding its proposals takes measurements of its own. */
  readonly late?: boolean
  /** Tried only where it is named with --only, since it changes how the model is used; says how. */
  readonly onlyWhenNamed?: string
  /** No proposals: it does not apply. Never changes what it was given. */
  apply(setup: RemedySetup, evidence: RemedyEvidence, tools: RemedyTools): readonly Proposal[] | Promise<readonly Proposal[]>
}

/** Types a remedy where it is written. */
export const defineRemedy = (remedy: Remedy): Remedy => remedy

/** The only proposal of a remedy that changes the model. */
export const rewriteProposal = (
  setup: RemedySetup,
  { model, ...rest }: Pick<RemedySetup, 'model'> & Omit<Proposal, 'variant' | 'setup'>,
): readonly Proposal[] => [{ variant: '', setup: { ...setup, model }, ...rest }]

/** What the findings that a remedy treats would save, ms: the largest, since findings overlap. null if none was found. */
export function predictedSaving(treats: readonly string[], { findings }: RemedyEvidence): number | null {
  const savings = findings.filter(({ rule }) => treats.includes(rule)).flatMap(({ wouldSaveMs }) => wouldSaveMs ?? [])
  return savings.length > 0 ? Math.max(...savings) : null
}
