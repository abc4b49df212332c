// What the search stands on: readings of a setup in fresh processes. An interface, so that the search can be tried on made-up
// machines; the real one is in local-bench/.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import type { Effect, RemedySetup } from '../remedies/kit/remedy.ts'

/** One fresh process. */
export interface Reading {
  /** What is to get smaller: ms a prediction, ms a sample, ms to the first result, bytes; by the goal. */
  readonly score: number
  /** Per prediction; null if the goal needs none. */
  readonly p50Ms: number | null
  readonly peakBytes: number | null
  /** Handoff between two threads before the samples, ns; null if the setup works on one thread or it could not be measured. */
  readonly handoffNs: number | null
  /** Share of the sampled time that the process waited for a CPU, or that the hypervisor or a quota took from it. */
  readonly disturbedShare: number
  /** The score with arrays that are kept, and with those made for each prediction; absent: not distinguished. */
  readonly byArrays?: { readonly kept: number; readonly anew: number }
}

/** How a reading is taken. */
export type Depth = 'look' | 'thorough' | 'shipped'

/** What pairs of readings say of a candidate compared with its base. */
export interface Judgement {
  readonly verdict: 'faster' | 'slower' | 'no-difference'
  /** Why it is no clear answer, where there is more to say than the interval does. */
  readonly reason: string | null
  readonly before: number
  readonly after: number
  /** before / after, median over pairs, and its interval. */
  readonly speedup: number
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly beforeMs: number | null
  readonly afterMs: number | null
  readonly peakBytes: number | null
  readonly pairs: number
  /** It is a gain with input arrays of one kind, kept or new, and a loss with the other. */
  readonly losesWithArrays?: true
}

/** A first look that showed no gain (score over the base's), or a judgement. */
export type TrialMemory =
  | { readonly kind: 'look'; readonly ratio: number }
  | { readonly kind: 'judgement'; readonly judgement: Judgement }

export interface Bench {
  /** Two setups with the same key predict in the same way. */
  keyOf(setup: RemedySetup): string
  /** `thorough`: sampled longer, for the last proof; `shipped`: so, and through the folder that it would be shipped in. */
  measure(setup: RemedySetup, depth?: Depth): Promise<Trial<Reading>>
  /** p50 of a prediction, ms, for goals whose readings hold none; absent: it cannot be had. */
  predictMs?(setup: RemedySetup): Promise<Trial<number>>
  /** Outputs against the untouched original's; as they were seen before, or `shipped`: again, of that folder, on inputs that nothing was chosen by. */
  compare(setup: RemedySetup, promise: Effect, depth?: 'look' | 'shipped'): Promise<OutputCheck>
  /** The graph as the engine runs it; null if it cannot be had. */
  executed(setup: RemedySetup): Promise<GraphView | null>
  /** Bytes of the model and its weights on disk. */
  sizeBytes(setup: RemedySetup): number
  nowMs(): number
  /** The same at other sizes of the inputs, where the model leaves them open; absent: at none. */
  sizes?(): Promise<readonly SizeBench[]>
  /** What an earlier run found of the candidate against the base, with the same model, machine and engine; absent: nothing is kept. */
  recall?(base: RemedySetup, candidate: RemedySetup): Promise<TrialMemory | null>
  remember?(base: RemedySetup, candidate: RemedySetup, what: TrialMemory): Promise<void>
}

export interface SizeBench extends Pick<Bench, 'measure' | 'compare'> {
  /** 'x=1x3x96x96'. */
  readonly text: string
  /** Outputs are compared there, and nothing is timed. */
  readonly outputsAlone?: true
}

/** A time of `nowMs`; null: there is none. */
export type Deadline = number | null

export const isPast = (deadline: Deadline, { nowMs }: Pick<Bench, 'nowMs'>): boolean => deadline !== null && nowMs() > deadline
