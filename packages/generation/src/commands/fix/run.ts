// What one run of `fix` on a generator works with.
import type { Opened } from '../../generator.ts'
import type { Bench } from '../../prove/bench.ts'
import type { GeneratorSetup } from '../../prove/setup.ts'
import type { RemedyTools } from '../../remedies/kit/remedy.ts'
import type { FixGeneratorOptions } from './options.ts'

export interface FixRun {
  readonly source: string
  readonly options: FixGeneratorOptions
  readonly base: GeneratorSetup
  readonly bench: Bench
  /** Ids of engines that open the model, are installed and can be fed step by step. */
  readonly engines: readonly string[]
  readonly evaluate: RemedyTools['evaluate']
  /** What the encoder reads; absent: there is none. */
  readonly reads?: Opened['reads']
  /** Temporary; gone when the run ends. */
  readonly folder: string
}
