// `pipeline` with what it needs of the product that measures models.
import type { PipelineOptions } from '@whyslow/code/commands/pipeline/options.ts'
import { pipeline as measureCode, type PipelineFound } from '@whyslow/code/commands/pipeline/pipeline.ts'
import { why } from '@whyslow/model/commands/why.ts'

/** Measures the user's code in `file`, and by `why` the model that it runs. Throws as `measureCode` does. */
export const pipeline = (file: string, options: Partial<PipelineOptions> = {}): Promise<PipelineFound> =>
  measureCode(file, options, { why })
