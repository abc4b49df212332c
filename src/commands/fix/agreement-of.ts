// Two set-ups of the run, each with inputs of its own: how far their outputs lie apart.
import path from 'node:path'
import type { Run } from '../../command/run.ts'
import type { Feeds } from '../../engines/types.ts'
import { type Agreement, compareOutputs } from '../../measure/outputs/index.ts'
import { outputsTask } from '../../measure/outputs/outputs-task.ts'
import { loadInputs } from '../../measure/samples/saved.ts'
import { trialLimits } from '../../trials/limits.ts'
import type { ModelTask } from '../../trials/model-task.ts'
import { reasonInWords } from '../../trials/port.ts'

/** A text says why one of them gave none. */
export async function agreementOf(run: Run, base: ModelTask, changed: ModelTask): Promise<Agreement | string> {
  const outputs: (readonly Feeds[])[] = []
  for (const [name, task] of [['base', base] as const, ['changed', changed] as const]) {
    const outputFolder = path.join(run.folder, `outputs-of-${name}`)
    const trial = await run.trials.run(outputsTask, { ...task, outputFolder }, trialLimits(run.limits, 1000))
    if (trial.outcome !== 'measured') return reasonInWords(trial)
    outputs.push(loadInputs(trial.value.saved))
  }
  return compareOutputs(outputs[0]!, outputs[1]!, { graph: run.graph })
}
