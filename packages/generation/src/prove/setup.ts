// What generates, as plain data that a child process is handed: an engine, what it opens, how, and whose loop runs it.
import type { GeneratorOptions } from '../generator.ts'
import type { LoopSetup } from '../loop/loop.ts'

export interface GeneratorSetup {
  /** Id of the engine. */
  readonly engine: string
  /** The file or folder that it opens. */
  readonly source: string
  readonly options: GeneratorOptions
  /** The loop that whyslow ships; null: the engine's own. */
  readonly loop: LoopSetup | null
  /** The user's sounds, for an encoder that reads sound; absent: they are made up, or it reads none. */
  readonly sounds?: readonly string[]
}

export const PLAIN_OPTIONS: GeneratorOptions = {
  threads: null,
  prefillThreads: null,
  dtype: null,
  pythonPath: null,
  mostRequests: 0,
}

/** The shipped loop without guesses, and without memory of the call before: that is tried apart. */
export const SHIPPED_LOOP: LoopSetup = { prefixCache: false, lookup: null }
