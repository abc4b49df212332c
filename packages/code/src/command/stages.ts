// What the commands on the user's own code call.

import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { WatchDocument } from '@whyslow/report/documents/watch.ts'
import type { ab } from '../commands/ab/ab.ts'
import type { explainGap } from '../commands/explain-gap/explain-gap.ts'
import type { PipelineOptions } from '../commands/pipeline/options.ts'
import type { PipelineFound } from '../commands/pipeline/pipeline.ts'
import type { WatchOptions } from '../commands/watch/options.ts'

export interface Calls {
  readonly ab: typeof ab
  readonly explainGap: typeof explainGap
  readonly pipeline: (file: string, options: Partial<PipelineOptions>) => Promise<PipelineFound>
  readonly watch: (command: readonly string[], options?: Partial<WatchOptions>) => Promise<WatchDocument>
}

export type Surroundings = In<Calls>
