// Parts of a decoder run by onnxruntime in a process of their own, for remedies that measure ranges.
import path from 'node:path'
import { engineOptionsOf } from '@whyslow/command/engine-options.ts'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { DEFAULTS } from '@whyslow/command/options.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { type RunTrial, reasonInWords, type TrialLimits } from '@whyslow/measure/trials/port.ts'

/** Outputs for each of the feeds. Throws InputError if the engine does not run it. `folder`: a new one each time. */
export const evaluator =
  (run: RunTrial, limits: TrialLimits, folder: () => string) =>
  async (model: Model, feeds: readonly Feeds[]): Promise<readonly Results[]> => {
    const at = folder()
    const { file } = await writeModelFolder(model, path.join(at, 'part'))
    const inputs = saveInputs(path.join(at, 'inputs'), feeds)
    const task = {
      ...modelTask(DEFAULTS.engine, file, engineOptionsOf(DEFAULTS), inputs),
      outputFolder: path.join(at, 'outputs'),
    }
    const trial = await run(outputsTask, task, limits)
    if (trial.outcome !== 'measured') throw new InputError(`a part of the decoder cannot be run: ${reasonInWords(trial)}`)
    return loadInputs(trial.value.saved)
  }
