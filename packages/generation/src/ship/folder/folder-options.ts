// options.json of a shipped generator: what opens, how, and how texts become prompts.
import type { GeneratorOptions } from '../../generator.ts'
import type { LoopSetup } from '../../loop/loop.ts'

export interface FolderOptions {
  readonly engine: string
  /** The file in the folder that the engine opens; '.': the folder. */
  readonly source: string
  readonly options: GeneratorOptions
  readonly loop: LoopSetup
  readonly prompts: PromptFacts
}

/** How the makers of a model would have its tokens chosen. */
export interface RecommendedSampling {
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly noRepeatNgramSize?: number
  readonly minNewTokens?: number
}

/** What the model's files say of prompts, and of tokens after them. */
export interface PromptFacts {
  /** A text that begins every prompt, as '<s>'; null: none. */
  readonly beginning: string | null
  /** Jinja, as transformers has it; null: the model has none, so that it takes no messages. */
  readonly chatTemplate: string | null
  /** What templates may name: bos_token, eos_token and others. */
  readonly specialTokens: Readonly<Record<string, string>>
  /** Absent: nothing is said. */
  readonly recommended?: RecommendedSampling
}
