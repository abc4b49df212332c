// Two set-ups of the run, each with inputs of its own: how far their outputs lie apart.
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { type Agreement, compareOutputs } from '@whyslow/measure/outputs/index.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'

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
