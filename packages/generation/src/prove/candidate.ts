// What may make a generator faster: a peer's description, what it knows when it is tried, and the setup that it gives.
import type { CostPoint } from '../loop/lookup.ts'
import type { Answer } from './answers.ts'
import type { GeneratorSetup } from './setup.ts'

/** What is known when a candidate is applied. */
export interface CandidateContext {
  /** What the user named. */
  readonly original: GeneratorSetup
  /** The original's answers to the prompts, greedily. */
  readonly answers: readonly Answer[]
  /** Natural texts as ids, on which perplexity is compared. */
  readonly texts: readonly (readonly number[])[]
  /** An encoder reads the prompts, and perplexity is compared on the original's answers behind them. */
  readonly hasEncoder?: boolean
  /** The cost of feeding several tokens at once; null: it cannot be measured. */
  curve(setup: GeneratorSetup): Promise<readonly CostPoint[] | null>
  readonly usableCpus: number
  /** An empty folder that is gone when the search ends, for files that the setup opens. */
  folder(): string
}

export type Application =
  | {
      readonly setup: GeneratorSetup
      readonly changes: readonly string[]
      /** A folder that was written for the setup: it is removed if the candidate is not kept. */
      readonly folder?: string
    }
  /** Why it does not apply, in one line; `failed`: it broke. */
  | { readonly reason: string; readonly failed?: true }

export interface Candidate {
  readonly id: string
  readonly title: string
  /** `lossless`: the ids have to be equal. */
  readonly effect: 'lossless' | 'lossy'
  /** Several ways to do one thing, the most careful first: if one is no gain or not equal, those after it are not tried. */
  readonly family?: string
  apply(setup: GeneratorSetup, known: CandidateContext): Promise<Application>
}
