// What `fix` found, handed over: a folder, or the model alone.

import { engineById } from '../../engines/index.ts'
import type { InputDeclaration } from '../../engines/types.ts'
import type { Model } from '../../graph/model.ts'
import { viewGraph } from '../../graph/view.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { Goal, RemedySetup } from '../../rewrite/remedy.ts'
import { type ShipPlan, shipFolder, shipModel } from '../../ship/index.ts'
import { alone, type Run } from '../run.ts'
import { toolVersion } from '../version.ts'
import { agreementRow } from './fix-report.ts'
import type { FixOptions } from './options.ts'
import type { Tuned } from './precision.ts'
import { workerCost } from './worker-cost.ts'

export async function shipFound(run: Run, options: FixOptions, found: Tuned, report: ReportDocument): Promise<void> {
  const plan = shipPlan(run, options, found, report)
  if (options.modelAlone) return shipModel(plan)
  run.progress({ stage: 'writing the folder', done: 0, of: 1 })
  const workerCostMs = await alone(
    run,
    () => workerCost(plan, run),
    () => {},
  )
  await shipFolder({ ...plan, workerCostMs })
}

function shipPlan(run: Run, options: FixOptions, found: Tuned, report: ReportDocument): ShipPlan {
  const { fix: summary } = report
  const moved = found.preprocessing?.row.kept ? found.preprocessing.moved : undefined
  const setup = moved === undefined ? found.setup : { ...found.setup, model: moved.model }
  return {
    out: options.out!,
    force: options.force,
    original: { file: run.model.source.file, sha256: run.model.source.sha256, proto: run.model.proto },
    setup,
    engine: shippedEngine(run, options, setup),
    machine: { cpu: run.machine.cpu, isa: run.machine.isa },
    remedies: found.kept.map(({ remedy }) => remedy.id),
    changes: summary!.changes,
    report,
    ...declarationsOf(setup.model),
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
    toolVersion,
    createdAt: report.createdAt,
    ...(moved ? { preprocessing: { input: moved.input.name, steps: moved.changes } } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  }
}

/** The user's, or the one that the setup names. */
function shippedEngine(run: Run, options: FixOptions, setup: RemedySetup): ShipPlan['engine'] {
  const { id, version } = setup.engine ?? { id: options.engine, version: run.engine.version }
  const { package: name, precision, shipped } = engineById(id)!
  const about = { id, version, package: name, ...(precision === undefined ? {} : { precision }) }
  return setup.engine === undefined || shipped === undefined ? about : { ...about, library: shipped(setup.options) }
}

const PER: Readonly<Partial<Record<Goal, string>>> = {
  throughput: 'per sample',
  'load-time': 'from load() to the first result',
}

function declarationsOf(model: Model): { inputs: InputDeclaration[]; outputs: InputDeclaration[] } {
  const { inputs, outputs } = viewGraph(model)
  const declared = (one: (typeof inputs)[number]): InputDeclaration => ({
    name: one.name,
    isTensor: one.kind === 'tensor',
    dtype: one.dtype,
    shape: one.shape?.map((dimension) => dimension ?? '') ?? null,
  })
  return { inputs: inputs.map(declared), outputs: outputs.map(declared) }
}
