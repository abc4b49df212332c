// `fix --slo`: the folders that a server is chosen for, each with the engine's options for its share of the CPUs.
import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { offersOf } from '@whyslow/measure/engines/index.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { ReportServing } from '@whyslow/report/documents/report-fix.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import { modelFileOf, type RunnablePlan, type Serving } from '../../ship/index.ts'
import { DEFAULT_SECONDS } from './budget.ts'
import type { FixOptions } from './options.ts'
import type { EngineShare, ServingPort } from './serving-port.ts'
import { trialFolder } from './tried-folder.ts'

export interface ServingChoice {
  readonly report: ReportServing
  /** The set-up to ship; null: none holds the objective. */
  readonly best: { readonly serving: Serving; readonly setup: RemedySetup } | null
}

/** How many times the budget of the remedies it may take: five minutes by default, whatever a prediction takes. */
const BUDGET_TIMES = 4

/** Call it within `TrialRunner.alone`. */
export async function servingFor(
  run: Run,
  options: FixOptions,
  plan: RunnablePlan,
  { chooseServer }: ServingPort,
): Promise<ServingChoice> {
  const takesThreads =
    plan.engine.generated !== true && plan.engine.library === undefined && offersOf(plan.engine.id).includes('threads')
  const folders = new Map<string, { made: ShippedFolder; setup: RemedySetup }>()
  const served = async (share: EngineShare) => {
    const key = `${share.workers}x${share.threads ?? ''}`
    const known = folders.get(key)
    if (known !== undefined) return known
    const setup = takesThreads ? sharing(plan.setup, share) : plan.setup
    const one = { made: await servedFolder({ ...plan, setup }, run, path.join(run.folder, `serving-${key}`)), setup }
    folders.set(key, one)
    return one
  }
  const { shapes, values, batch, data, labels, pictures, trials, signal, onPlan } = options
  const { report, best } = await chooseServer({
    objective: options.slo!,
    cpus: run.machine.usableCpus,
    takesThreads,
    seconds: BUDGET_TIMES * (options.budgetSeconds ?? DEFAULT_SECONDS),
    // Code that moved into the model takes other inputs than the data are for.
    inputs: options.preprocessing.input === undefined ? { shapes, values, batch, data, labels, pictures } : {},
    folderFor: async (share) => (await served(share)).made,
    trials,
    onStage: (stage) => run.progress({ stage, done: 0, of: 1 }),
    ...(onPlan === undefined ? {} : { onPlan }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { report, best: best === null ? null : { setup: (await served(best.share)).setup, serving: best.serving } }
}

function sharing(setup: RemedySetup, { threads, configEntries: own }: EngineShare): RemedySetup {
  const configEntries = { ...setup.options.configEntries, ...own }
  return { ...setup, options: { ...setup.options, threads, configEntries } }
}

/** The folder as it would be shipped, with what `serve` knows a folder by. Throws InputError if its package is not to be found. */
async function servedFolder(plan: RunnablePlan, run: Run, at: string): Promise<ShippedFolder> {
  const made = await trialFolder(plan, run, at)
  if (made === null) throw new InputError(`--slo: ${plan.engine.package} is not found, with which the folder predicts`)
  const { inputs, outputs } = plan
  fs.writeFileSync(
    path.join(at, 'manifest.json'),
    JSON.stringify({ schema: 'whyslow-folder/1', model: modelFileOf(plan.engine), inputs, outputs }),
  )
  fs.writeFileSync(path.join(at, 'package.json'), '{"type":"module"}')
  return made
}
