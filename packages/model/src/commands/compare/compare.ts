// `compare`: one model on every engine, or several models on one, measured in turns and set side by side.
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { openModel } from '@whyslow/command/open-model.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { type OpeningContext, openEngines, openModels } from './contestants.ts'
import { comparisonOf } from './document.ts'
import { measureAll } from './measure.ts'
import { COMPARE_DEFAULTS, type CompareOptions } from './options.ts'

/**
 * One file: the model on `engines`, or on every installed engine. Several: the models against each other on `engine`. Throws
 * InputError if a model, the inputs or the options cannot be used, and the signal's reason if it is aborted; an engine or a model
 * that fails is a row of the document.
 */
export async function compare(files: readonly string[], given: Partial<CompareOptions> = {}): Promise<ComparisonDocument> {
  const options = { ...COMPARE_DEFAULTS, ...given }
  checkFiles(files, options)
  const models: Model[] = []
  for (const file of files) models.push(await openModel(file, options))
  const progress = options.onProgress ?? (() => {})
  return inTemporaryFolder(async (folder) => {
    const opening: OpeningContext = {
      options,
      folder,
      limits: { ...limitsOf(machineOf(options.trials), options), capMs: options.limitSeconds * 1000 },
      progress: (stage, done, of) => progress({ stage, done, of }),
    }
    const opened = models.length === 1 ? await openEngines(models[0]!, opening) : await openModels(models, opening)
    const machine = machineOf(options.trials, [
      ...new Set(opened.contestants.flatMap(({ engine }) => engine?.accelerators ?? [])),
    ])
    const warnings: string[] = []
    const all = await withMachineLock({ trials: options.trials, progress }, () => measureAll(opened, machine, opening), warnings)
    options.signal?.throwIfAborted()
    return comparisonOf({ opened, all, machine, options, files, warnings })
  })
}

function checkFiles(files: readonly string[], { engines, batches }: CompareOptions): void {
  if (files.length === 0) throw new InputError('nothing to compare: give a model, as in: whyslow compare model.onnx')
  const twice = files.find((file, i) => files.indexOf(file) !== i)
  if (twice !== undefined) throw new InputError(`${twice} is given twice; give each model once`)
  if (files.length > 1 && engines !== null)
    throw new InputError('--engines compares engines on one model; give one model, or --engine for several')
  const repeated = batches?.find((batch, i) => batches.indexOf(batch) !== i)
  if (repeated !== undefined)
    throw new InputError(`--batch ${batches!.join(',')}: ${repeated} is given twice; give each size once`)
}
