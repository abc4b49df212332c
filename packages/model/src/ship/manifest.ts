// manifest.json: what the folder holds and where it came from. By it a folder is known as whyslow's.
import path from 'node:path'
import type { WrittenFile } from '@whyslow/command/model-files/folder.ts'
import type { ShipPlan } from './plan.ts'
import { shippedOptions } from './session-options.ts'

const SCHEMA = 'whyslow-folder/1'

/** The manifest's text. `files`: all others of the folder, the model's file first. */
export function manifestText(plan: ShipPlan, files: readonly WrittenFile[]): string {
  const { setup, engine, machine, results, original } = plan
  const manifest = {
    schema: SCHEMA,
    tool: { name: 'whyslow', version: plan.toolVersion },
    createdAt: plan.createdAt,
    model: files.find(({ role }) => role === 'model')!.path,
    files,
    engine: engineText(engine),
    options: shippedOptions(plan),
    inputs: plan.inputs,
    outputs: plan.outputs,
    preprocessing: plan.preprocessing ?? null,
    provenance: {
      original: { file: path.basename(original.file), sha256: original.sha256 },
      remedies: plan.remedies,
      changes: plan.changes,
    },
    measured: {
      what: results.per ?? 'per prediction',
      beforeMs: results.beforeMs,
      afterMs: results.afterMs,
      speedup: results.speedup,
      speedupLow: results.speedupLow,
      speedupHigh: results.speedupHigh,
      agreement: results.agreement,
      workerCostMs: plan.workerCostMs,
      samplesPerPrediction: setup.batchFactor,
    },
    machine: { ...machine, bound: setup.machineBound },
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

const engineText = ({ library: _, cut, ...engine }: ShipPlan['engine']) => ({ ...engine, ...(cut && { cut }) })
