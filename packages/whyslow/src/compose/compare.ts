// `compare` of models; of a program, of the model that it runs.
import { compareProgram } from '@whyslow/code/commands/fix-program/compare-program.ts'
import { compare as compareModels } from '@whyslow/model/commands/compare/compare.ts'
import type { CompareOptions } from '@whyslow/model/commands/compare/options.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { runsModels } from './runs-models.ts'

/** Throws as `compareModels` does. */
export const compare = (files: readonly string[], options: Partial<CompareOptions> = {}): Promise<ComparisonDocument> => {
  const [file] = files
  const isProgram = files.length === 1 && file !== undefined && runsModels(file)
  return isProgram ? compareProgram(file, options, { compare: compareModels }) : compareModels(files, options)
}
