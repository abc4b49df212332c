// Tries the folder before it is shipped: its own predict.mjs, with the engine that was measured, in this thread and in its worker.
import fs from 'node:fs'
import path from 'node:path'
import { findPackage } from '../../engines/find-package.ts'
import { workerCostTask } from '../../measure/timing/worker-cost-task.ts'
import { type ShipPlan, writeContents } from '../../ship/index.ts'
import { trialLimits } from '../../trials/limits.ts'
import type { Run } from '../run.ts'

const SAMPLE_MS = 800

/** What a worker adds to a prediction, ms; null where the model takes other inputs than were measured, or it could not be tried. */
export async function workerCost(plan: ShipPlan, run: Run): Promise<number | null> {
  if (plan.preprocessing !== undefined) return null
  const folder = path.join(run.folder, 'shipped')
  fs.mkdirSync(folder)
  await writeContents(plan, folder)
  const packages = path.join(run.folder, 'node_modules')
  fs.mkdirSync(packages, { recursive: true })
  const { name, from, env } = callerOf(plan, run)
  if (from === undefined) return null
  fs.symlinkSync(path.resolve(from), path.join(packages, name), 'junction')
  const input = { folder, inputs: run.inputs.saved, sampleMs: SAMPLE_MS, env }
  const trial = await run.trials.run(workerCostTask, input, trialLimits(run.limits, SAMPLE_MS))
  return trial.outcome === 'measured' ? Math.max(0, trial.value.workerMs - trial.value.plainMs) : null
}

/** The package that the shipped code imports, where it lies, and what tells that where its library is. */
function callerOf({ engine, setup: { options } }: ShipPlan, run: Run) {
  const { library } = engine
  if (library === undefined) return { name: engine.package, from: run.engine.from, env: {} }
  const name = library.calledBy.package
  const place = options.openvino ?? options.python
  return {
    name,
    from: findPackage(name, null)?.folder,
    env: place === undefined ? {} : { OPENVINO_LIBRARY: path.resolve(place) },
  }
}
