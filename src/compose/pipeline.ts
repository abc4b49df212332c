// `pipeline` with what it needs of the product that measures models.
import type { PipelineOptions } from '../commands/pipeline/options.ts'
import { pipeline as measureCode, type PipelineFound } from '../commands/pipeline/pipeline.ts'
import { why } from '../commands/why.ts'

/** Measures the user's code in `file`, and by `why` the model that it runs. Throws as `measureCode` does. */
export const pipeline = (file: string, options: Partial<PipelineOptions> = {}): Promise<PipelineFound> =>
  measureCode(file, options, { why })
