// What `fix` found, shipped: a folder, or the model alone.
import path from 'node:path'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import type { Run } from '@whyslow/command/run.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { pythonText } from '@whyslow/report/text/trials.ts'
import type { Goal } from '../../remedies/kit/remedy.ts'
import { type RunnablePlan, type ShipPlan, shipFolder, shipModel } from '../../ship/index.ts'
import { agreementRow } from './fix-report.ts'
import type { FixOptions } from './options.ts'
import type { TuneResult } from './precision.ts'
import { proveInPython } from './python-proof.ts'
import type { ServingChoice } from './serving.ts'
import { runnablePlan, trialFolder } from './tried-folder.ts'
import { workerCost } from './worker-cost.ts'

/** What is shipped, with the serving that meets an objective if one was set. */
export interface ShippedSetup extends TuneResult {
  readonly serving: ServingChoice['best']
}

/** The report, with what the folder does in the user's own Python. */
export async function shipSetup(
  run: Run,
  options: FixOptions,
  found: ShippedSetup,
  report: ReportDocument,
): Promise<ReportDocument> {
  const plan = shipPlan(run, options, found, report)
  if (options.modelAlone) {
    await shipModel(plan)
    return report
  }
  run.progress({ stage: 'writing the folder', done: 0, of: 1 })
  const { workerCostMs, proof } = await withMachineLock(run, () => tried(run, options, plan), [])
  const python = proof?.report
  const shown = python === undefined ? report : { ...report, fix: { ...report.fix!, python } }
  const leavesPythonOut = python?.leftOut !== undefined && ({ leavesPythonOut: true } as const)
  const inPython = python && { inPython: pythonText(python) }
  const backends = proof?.backends ?? []
  await shipFolder({ ...plan, workerCostMs, report: shown, backends, ...inPython, ...leavesPythonOut })
  return shown
}

/** The folder as Node and Python run it; the model may take other inputs than were measured, and is then not tried. */
async function tried(run: Run, options: FixOptions, plan: ShipPlan) {
  const isAlike = plan.preprocessing === undefined
  const shipped = isAlike ? await trialFolder(plan, run, path.join(run.folder, 'shipped')) : null
  const workerCostMs = shipped === null ? null : await workerCost(shipped, run)
  return { workerCostMs, proof: await proveInPython(run, options, plan, shipped) }
}

/** What the folder's code is made from, without what is told of it. */
export function shippingPlan(run: Run, options: FixOptions, found: TuneResult): RunnablePlan {
  const moved = movedOf(found)
  return runnablePlan(run, options, moved === undefined ? found.setup : { ...found.setup, model: moved.model })
}

const movedOf = ({ preprocessing }: TuneResult) => (preprocessing?.row.kept ? preprocessing.moved : undefined)

function shipPlan(run: Run, options: FixOptions, found: ShippedSetup, report: ReportDocument): ShipPlan {
  const { fix: summary } = report
  const moved = movedOf(found)
  const plan = shippingPlan(run, options, found)
  return {
    out: options.out!,
    force: options.force,
    ...plan,
    ...(found.serving === null ? {} : { setup: found.serving.setup, serving: found.serving.serving }),
    machine: { cpu: run.machine.cpu, isa: run.machine.isa },
    remedies: found.kept.map(({ remedy }) => remedy.id),
    changes: summary!.changes,
    report,
    results: {
      beforeMs: summary!.before,
      afterMs: summary!.after,
      speedup: summary!.speedup,
      speedupLow: summary!.speedupLow,
      speedupHigh: summary!.speedupHigh,
      agreement: found.proof?.proven ? agreementRow(found.proof.outputs.agreement) : null,
      ...(PER[options.goal] ? { per: PER[options.goal]! } : {}),
    },
    workerCostMs: null,
    createdAt: report.createdAt,
    ...(moved ? { preprocessing: { input: moved.input.name, steps: moved.changes } } : {}),
  }
}

const PER: Readonly<Partial<Record<Goal, string>>> = {
  throughput: 'per sample',
  'load-time': 'from load() to the first result',
}
