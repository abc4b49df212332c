// Tries the folder before it is shipped: its own predict.mjs, with the engine that was measured, in this thread and in its worker.
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { workerCostTask } from '@whyslow/measure/timing/worker-cost-task.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ShipPlan } from '../../ship/index.ts'
import { trialFolder } from './tried-folder.ts'

const SAMPLE_MS = 800

/** What a worker adds to a prediction, ms; null if the model takes other inputs than were measured, or it could not be tried. */
export async function workerCost(plan: ShipPlan, run: Run): Promise<number | null> {
  if (plan.preprocessing !== undefined) return null
  const shipped = await trialFolder(plan, run, path.join(run.folder, 'shipped'))
  if (shipped === null) return null
  const input = { shipped, inputs: run.inputs.saved, sampleMs: SAMPLE_MS }
  const trial = await run.trials.run(workerCostTask, input, trialLimits(run.limits, SAMPLE_MS))
  return trial.outcome === 'measured' ? Math.max(0, trial.value.workerMs - trial.value.plainMs) : null
}
