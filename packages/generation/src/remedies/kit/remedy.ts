// A remedy of a decoder's graph: it says whether it applies, and gives the graph as it should be. Whether that is faster, and whether the tokens
// stay the same, is proven elsewhere. Remedies are pure; what needs an engine is handed in as a tool.
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'

export interface RemedyTarget {
  readonly model: Model
  readonly layout: DecoderLayout
  /** Another graph makes the first call, and gives keys and values of the encoder; absent: this one makes all calls. */
  readonly hasFirst?: boolean
  /** The longest context in tokens, by the configuration; null: not said. */
  readonly context: number | null
}

export interface RemedyTools {
  /** Outputs of a small part of the decoder for each of the feeds, by the engine that runs the decoder. */
  readonly evaluate: (model: Model, feeds: readonly Feeds[]) => Promise<readonly Results[]>
  /** Ids of texts such as the user's, from which the range of what a cache holds is taken; absent: there are none. */
  readonly prompts?: readonly (readonly number[])[]
}

export interface DecoderRewrite {
  readonly model: Model
  /** The graph for the first call, if that is another one; it gives the same caches. */
  readonly prefill?: Model
  /** What was changed, one line each. */
  readonly changes: readonly string[]
}

export interface GeneratorRemedy {
  readonly id: string
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  /** What is changed and why that saves time, in one sentence. */
  readonly description: string
  /** The same tokens come out, but for the order in which numbers are added. */
  readonly lossless: boolean
  /** Ways to do it, the most careful first; one alone is ''. */
  readonly variants: readonly string[]
  /** A reason in one line if it does not apply. */
  applies(target: RemedyTarget): true | string
  /** A reason in one line if it turns out not to apply. Never changes what it was given. */
  rewrite(target: RemedyTarget, variant: string, tools: RemedyTools): Promise<DecoderRewrite | string>
}

/** Types a remedy where it is written. */
export const defineGeneratorRemedy = (remedy: GeneratorRemedy): GeneratorRemedy => remedy
