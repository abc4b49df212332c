// `fix`: measures and diagnoses, tries the remedies, proves what they give, and ships the proven.
import { checkEngine } from '@whyslow/command/engine-options.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { nearest } from '@whyslow/command/nearest.ts'
import { type Run, withRun } from '@whyslow/command/run.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type PreprocessingRequest, parsePreprocessing, withPreprocessing } from '@whyslow/graph/rewrite/preprocessing/index.ts'
import { engines, offersOf } from '@whyslow/measure/engines/index.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { Evidence } from '../../evidence/evidence.ts'
import { remedies } from '../../remedies/index.ts'
import { checkModelOut } from '../../ship/index.ts'
import { assembleReport } from '../assemble-report.ts'
import { measureWithOperators } from '../operator-experiments.ts'
import { type Budget, budgetFor, budgetPlan } from './budget.ts'
import { proveConversion } from './conversion.ts'
import { trialRow, withTrials } from './fix-report.ts'
import { int8Alone } from './int8-alone.ts'
import { FIX_DEFAULTS, type FixOptions } from './options.ts'
import { checkNamedEngines } from './other-engines.ts'
import { checkCalibration, type TuneResult } from './precision.ts'
import { provePreprocessing } from './preprocessing-proof.ts'
import { servingFor } from './serving.ts'
import type { ServingPort } from './serving-port.ts'
import { shippingPlan, shipSetup } from './ship-found.ts'
import { tryRemedies } from './try-remedies.ts'

export interface FixOutcome {
  /** The diagnosis of the original, with `trials` and `fix`; its answer is the sentence that ends `fix`. */
  readonly report: ReportDocument
  readonly evidence: Evidence
  /** The sentence of the diagnosis. */
  readonly diagnosis: string
}

/**
 * Tries the remedies on the model in `file` and writes what is proven into `out`. Throws InputError if the model, its inputs, the
 * options or the folder cannot be used, and the signal's reason if it is aborted; then nothing is written.
 */
export async function fix(file: string, given: Partial<FixOptions> = {}): Promise<FixOutcome> {
  const options = { ...FIX_DEFAULTS, ...given }
  checkEngine(options.engine)
  if (!offersOf(options.engine).includes('shipped')) {
    const able = engines.find(({ offers }) => offers.includes('shipped'))!.id
    throw new InputError(
      `--engine ${options.engine}: remedies are proven on ${able}, which the shipped folder runs; leave --engine out`,
    )
  }
  checkOnly(options.only)
  const serving = servingOf(options)
  checkEngines(options)
  const picture = parsePreprocessing(options.preprocessing)
  if (options.out !== null) (options.modelAlone ? checkModelOut : checkOut)(options.out, options.force, file)
  return withRun(file, options, async (run) => {
    // Refused here rather than after minutes of measuring.
    if (picture !== null) withPreprocessing(run.model, picture)
    checkOutputs(options.outputs, run)
    checkCalibration(run, options)
    await checkNamedEngines(options)
    const unlocked: string[] = []
    const { evidence, diagnosis, found, chosen, spent } = await withMachineLock(
      run,
      async () => {
        const evidence = await measureWithOperators(run, options)
        const diagnosis = assembleReport(evidence, file)
        options.onDiagnosis?.(diagnosis.answer)
        const budget = budgetOf(run, options, evidence)
        if (!options.dryRun) options.onPlan?.(budgetPlan(budget))
        const startMs = nowMs()
        const tried = await tryRemedies(run, { ...options, budgetSeconds: budget.seconds }, evidence, diagnosis)
        const spent = { ...budget, usedSeconds: Math.round((nowMs() - startMs) / 1000) }
        if (options.dryRun) return { evidence, diagnosis, found: tried, chosen: null, spent: null }
        const converted = await withConversion(run, options, tried)
        const found = picture === null ? converted : await withPreprocessingProof(run, options, converted, picture)
        if (serving === null) return { evidence, diagnosis, found, chosen: null, spent }
        const chosen = await servingFor(run, options, shippingPlan(run, options, found), serving)
        return { evidence, diagnosis, found, chosen, spent }
      },
      unlocked,
    )
    options.signal?.throwIfAborted()
    const shipped = options.out !== null && !options.dryRun && (!options.onlyProven || found.kept.length > 0)
    const warned = { ...diagnosis, warnings: [...unlocked, ...diagnosis.warnings] }
    const told = withTrials(warned, found, options, shipped ? options.out : null)
    const served = chosen === null ? {} : { serving: chosen.report }
    const budget = spent === null ? {} : { budget: spent }
    const report = { ...told, fix: { ...told.fix!, ...int8Alone(evidence, options, file), ...served, ...budget } }
    const shown = shipped ? await shipSetup(run, options, { ...found, serving: chosen?.best ?? null }, report) : report
    return { report: shown, evidence, diagnosis: diagnosis.answer }
  })
}

/** The budget follows the time that a prediction took in the diagnosis, which is nearer than that of the first one. */
const budgetOf = ({ inputs }: Run, { budgetSeconds }: FixOptions, { latency }: Evidence): Budget =>
  budgetFor(budgetSeconds, { loadMs: inputs.firstLook.loadMs, predictionMs: latency!.p50Ms })

/** null: no objective is requested. Throws InputError if the text is not one. */
function servingOf({ slo, serving }: FixOptions): ServingPort | null {
  if (slo === null) return null
  if (serving === null) throw new Error('fix: nothing was handed in that serves, and an objective needs it')
  serving.checkObjective(slo)
  return serving
}

/** Adds the conversion if it was measured for the goal, and if what is shipped was converted. */
async function withConversion(run: Run, options: FixOptions, found: TuneResult): Promise<TuneResult> {
  const stays = found.setup.engine?.format === run.model.source.format
  const conversion = options.goal === 'latency' && !stays ? await proveConversion(run, options) : undefined
  if (conversion === undefined) return found
  options.onTrial?.(conversion)
  return { ...found, conversion }
}

async function withPreprocessingProof(
  run: Run,
  options: FixOptions,
  found: TuneResult,
  picture: PreprocessingRequest,
): Promise<TuneResult> {
  run.progress({ stage: 'the code in front of the model', done: 0, of: 1 })
  const preprocessing = await provePreprocessing(run, options, found, picture)
  options.onTrial?.(trialRow(preprocessing.row, 'latency'))
  return { ...found, preprocessing }
}

/** What an engine offers that `fix` may ship. */
const SHIPPABLE = ['shipped', 'alternative', 'generated'] as const

function checkOnly(only: readonly string[] | null): void {
  const unknown = only?.find((id) => !remedies.some((remedy) => remedy.id === id))
  if (unknown === undefined) return
  const ids = remedies.map(({ id }) => id)
  const meant = nearest(unknown, ids)
  const next = meant === undefined ? `there are ${ids.join(', ')}` : `did you mean ${meant}?`
  throw new InputError(`--only ${unknown}: no such remedy; ${next}`)
}

/** The one that is measured is always among them: if nothing is proven, the original is shipped on it. */
function checkEngines({ engine: measured, engines: wanted }: FixOptions): void {
  const able = engines.filter(({ offers }) => SHIPPABLE.some((offer) => offers.includes(offer))).map(({ id }) => id)
  const unable = wanted?.find((id) => !able.includes(id))
  if (unable !== undefined)
    throw new InputError(`--ship-engines ${unable}: fix does not ship it; give some of ${able.join(', ')}`)
  if (wanted !== null && !wanted.includes(measured))
    throw new InputError(
      `--ship-engines ${wanted.join()}: give ${measured} too, on which the original is shipped if nothing is proven`,
    )
}

function checkOutputs(asked: readonly string[] | null, { inputs: { outputs } }: Run): void {
  const unknown = asked?.find((name) => !outputs.some((output) => output.name === name))
  if (unknown === undefined) return
  throw new InputError(`--outputs ${unknown}: no such output; there are ${outputs.map(({ name }) => name).join(', ')}`)
}
