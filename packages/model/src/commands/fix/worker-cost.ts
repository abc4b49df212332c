// Tries the folder before it is shipped: its own predict.mjs, with the engine that was measured, in this thread and in its worker.
import type { Run } from '@whyslow/command/run.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import { workerCostTask } from '@whyslow/measure/timing/worker-cost-task.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'

const SAMPLE_MS = 800

/** What a worker adds to a prediction, ms; null if it could not be tried. */
export async function workerCost(shipped: ShippedFolder, run: Run): Promise<number | null> {
  const input = { shipped, inputs: run.inputs.saved, sampleMs: SAMPLE_MS }
  const trial = await run.trials.run(workerCostTask, input, trialLimits(run.limits, SAMPLE_MS))
  return trial.outcome === 'measured' ? Math.max(0, trial.value.workerMs - trial.value.plainMs) : null
}
