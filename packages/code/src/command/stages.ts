// What the commands on the user's own code call.

import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import type { WatchDocument } from '@whyslow/report/documents/watch.ts'
import type { ab } from '../commands/ab/ab.ts'
import type { explainGap } from '../commands/explain-gap/explain-gap.ts'
import type { FixProgramOptions } from '../commands/fix-program/options.ts'
import type { PipelineOptions } from '../commands/pipeline/options.ts'
import type { PipelineFound } from '../commands/pipeline/pipeline.ts'
import type { WatchOptions } from '../commands/watch/options.ts'

export interface Calls {
  readonly ab: typeof ab
  readonly explainGap: typeof explainGap
  readonly fixProgram: (file: string, options: Partial<FixProgramOptions>) => Promise<AbDocument>
  readonly pipeline: (file: string, options: Partial<PipelineOptions>) => Promise<PipelineFound>
  readonly watch: (command: readonly string[], options?: Partial<WatchOptions>) => Promise<WatchDocument>
}

export type Surroundings = In<Calls>
