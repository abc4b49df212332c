// The bench at other sizes of the inputs: the same set-ups and folders, fed with inputs that nothing was chosen by. Sizes that the original itself
// refuses are left out.

import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { OtherSize } from '../../evidence/other-sizes.ts'
import type { SizeBench } from '../bench.ts'
import { outputComparison } from './output-comparison.ts'
import type { LocalBenchPlan } from './plan.ts'
import { readings } from './readings.ts'
import type { SetupTasks } from './setup-tasks.ts'

/** Called once the search has ended; a second call gives the same. */
export function sizeBenches(plan: LocalBenchPlan, tasks: SetupTasks): () => Promise<readonly SizeBench[]> {
  let found: Promise<readonly SizeBench[]> | undefined
  return () => {
    found ??= workingBenches(plan, tasks)
    return found
  }
}

async function workingBenches(plan: LocalBenchPlan, tasks: SetupTasks): Promise<readonly SizeBench[]> {
  const benches: SizeBench[] = []
  for (const size of plan.otherSizes ?? []) {
    const bench = await benchAt(plan, tasks, size)
    if (bench !== null) benches.push(bench)
  }
  return benches
}

/** null: the original does not predict at this size. */
async function benchAt(
  plan: LocalBenchPlan,
  tasks: SetupTasks,
  { text, samples, outputsAlone }: OtherSize,
): Promise<SizeBench | null> {
  const saved = saveInputs(tasks.newPath('size'), samples)
  const at = async (task: Promise<ModelTask>): Promise<ModelTask> => ({ ...(await task), inputs: saved })
  const own: SetupTasks = {
    ...tasks,
    taskOf: (setup) => at(tasks.taskOf(setup)),
    shippedTaskOf: (setup) => at(tasks.shippedTaskOf(setup)),
  }
  const original = { model: plan.original, options: plan.originalOptions, batchFactor: 1, machineBound: false }
  const task = { ...(await own.taskOf(original)), outputFolder: tasks.newPath('outputs') }
  const trial = await plan.run(outputsTask, task, trialLimits(plan.limits, 0, plan.p50Ms))
  if (trial.outcome !== 'measured') return null
  const judged = { saved, samples, labels: null }
  const { measure } = readings(plan, own)
  const compare = outputComparison({ ...plan, judged, proof: judged }, own)
  return { text, measure, compare, ...(outputsAlone && { outputsAlone }) }
}
