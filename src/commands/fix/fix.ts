// `fix`: measures and diagnoses, tries the remedies, proves what they give, and ships the proven.

import { engineById, engines, offersOf } from '../../engines/index.ts'
import type { InputDeclaration } from '../../engines/types.ts'
import type { Evidence } from '../../evidence/evidence.ts'
import { judgedInputs } from '../../evidence/judged-inputs.ts'
import { readModel } from '../../formats/index.ts'
import { InputError } from '../../graph/input-error.ts'
import type { Model } from '../../graph/model.ts'
import { viewGraph } from '../../graph/view.ts'
import { remedies } from '../../remedies/index.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import { parsePreprocessing, withPreprocessing } from '../../rewrite/preprocessing/index.ts'
import type { Goal, RemedyEvidence, RemedySetup } from '../../rewrite/remedy.ts'
import { checkModelOut, checkOut, type ShipPlan, shipFolder, shipModel, writeModelFolder } from '../../ship/index.ts'
import { worstEffect } from '../../tune/candidates.ts'
import { localBench } from '../../tune/local-bench/index.ts'
import { type Found, search } from '../../tune/search.ts'
import { assembleReport } from '../assemble-report.ts'
import { nearest } from '../nearest.ts'
import { alone, checkEngine, measureRun, type Run, readExecuted, withRun } from '../run.ts'
import { toolVersion } from '../version.ts'
import { agreementRow, isPreprocessing, trialRow, withTrials } from './fix-report.ts'
import { FIX_DEFAULTS, type FixOptions } from './options.ts'
import { checkCalibration, precisionOf, quantizationOf, type Tuned } from './precision.ts'
import { provePreprocessing } from './preprocessing-proof.ts'
import { loadSimplify } from './simplify.ts'
import { cacheOf } from './trial-cache.ts'
import { workerCost } from './worker-cost.ts'

export interface Fixed {
  /** The diagnosis of the original, with `trials` and `fix`; its answer is the sentence that ends `fix`. */
  readonly report: ReportDocument
  readonly evidence: Evidence
  /** The sentence of the diagnosis. */
  readonly diagnosis: string
}

const LEAST_SIMPLIFY_MS = 3000
const SIMPLIFY_SHARE = 0.15
/** Most samples of --data on which outputs are compared. */
const JUDGED_SAMPLES = 1000
/** One comparison predicts with all of them: so long, ms, and as share of the budget, and on so many at least. */
const JUDGING_MS = 8000
const JUDGING_SHARE = 0.05
const LEAST_JUDGED = 64

/**
 * Tries the remedies on the model in `file` and writes what is proven into `out`. Throws InputError where the model, its inputs, the
 * options or the folder cannot be used, and the signal's reason where it is aborted; then nothing is written.
 */
export async function fix(file: string, given: Partial<FixOptions> = {}): Promise<Fixed> {
  const options = { ...FIX_DEFAULTS, ...given }
  checkEngine(options.engine)
  if (!offersOf(options.engine).includes('shipped')) {
    const able = engines.find(({ offers }) => offers.includes('shipped'))!.id
    throw new InputError(
      `--engine ${options.engine}: remedies are proven on ${able}, which the shipped folder runs; leave --engine out`,
    )
  }
  checkOnly(options.only)
  const picture = parsePreprocessing(options.preprocessing)
  if (options.out !== null) (options.modelAlone ? checkModelOut : checkOut)(options.out, options.force, file)
  return withRun(file, options, async (run) => {
    // Refused here rather than after minutes of measuring.
    if (picture !== null) withPreprocessing(run.model, picture)
    checkOutputs(options.outputs, run)
    checkCalibration(run, options)
    const unlocked: string[] = []
    const { evidence, diagnosis, found } = await alone(
      run,
      async () => {
        const evidence = await measureRun(run, options)
        const diagnosis = assembleReport(evidence, file)
        options.onDiagnosis?.(diagnosis.answer)
        const found = await tune(run, options, evidence, diagnosis)
        if (picture === null || options.dryRun) return { evidence, diagnosis, found }
        run.progress({ stage: 'the code in front of the model', done: 0, of: 1 })
        const moved = withPreprocessing(found.setup.model, picture)
        const row = await provePreprocessing(run, options.engine, found.setup, moved, worstEffect(found.kept), options.maxLoss)
        options.onTrial?.(trialRow(row, 'latency'))
        return { evidence, diagnosis, found: { ...found, tried: [...found.tried, row] } }
      },
      (reason) => unlocked.push(`measured without the machine's lock: ${reason}`),
    )
    options.signal?.throwIfAborted()
    const shipped = options.out !== null && !options.dryRun && (!options.onlyProven || found.kept.length > 0)
    const report = withTrials(diagnosis, found, options, shipped ? options.out : null, unlocked)
    const moves = found.tried.some((one) => isPreprocessing(one) && one.kept)
    if (shipped) await ship(file, run, options, moves ? picture : null, found, report)
    return { report, evidence, diagnosis: diagnosis.answer }
  })
}

function checkOnly(only: readonly string[] | null): void {
  const unknown = only?.find((id) => !remedies.some((remedy) => remedy.id === id))
  if (unknown === undefined) return
  const ids = remedies.map(({ id }) => id)
  const meant = nearest(unknown, ids)
  const next = meant === undefined ? `there are ${ids.join(', ')}` : `did you mean ${meant}?`
  throw new InputError(`--only ${unknown}: no such remedy; ${next}`)
}

async function tune(run: Run, options: FixOptions, evidence: Evidence, diagnosis: ReportDocument): Promise<Tuned> {
  const original: RemedySetup = { model: run.model, options: run.engineOptions, batchFactor: 1, machineBound: false }
  const facts = remedyEvidence(run, options, evidence, diagnosis)
  const judgingMs = Math.min(JUDGING_MS, JUDGING_SHARE * options.budgetSeconds * 1000)
  const most = Math.max(LEAST_JUDGED, Math.min(JUDGED_SAMPLES, Math.floor(judgingMs / facts.p50Ms)))
  const judged = judgedInputs(run.model, { ...options, folder: run.folder }, run.inputs, most)
  const bench = localBench({
    run: run.trials.run,
    goal: options.goal,
    engineId: options.engine,
    original: run.model,
    originalOptions: run.engineOptions,
    inputs: { saved: run.inputs.saved, samples: run.inputs.samples, facts: facts.inputs },
    judged,
    compare: { metric: options.metric, graph: run.graph },
    outputs: options.outputs,
    maxLoss: options.maxLoss,
    threadsInUse: run.inputs.threadsInUse,
    p50Ms: facts.p50Ms,
    limits: run.limits,
    folder: run.folder,
    cache: cacheOf(run, options),
    write: writeModelFolder,
    readExecuted,
    readModel,
  })
  // Simplifying takes seconds, and is one remedy of many.
  const simplifyMs = Math.max(LEAST_SIMPLIFY_MS, SIMPLIFY_SHARE * options.budgetSeconds * 1000)
  const simplify = await loadSimplify(process.cwd(), simplifyMs)
  const optimize = onceFor(bench.optimize, bench.keyOf)
  const precision = precisionOf(run, options, { original, facts, bench, judged, optimize })
  const found = await search({
    bench,
    remedies,
    original,
    evidence: facts,
    tools: {
      optimize,
      ...(simplify ? { simplify: onceFor(simplify) } : {}),
      ...(precision ? { precision: precision.plan } : {}),
      // Ranges of made-up inputs would be made up, too.
      ...(run.inputs.source === 'data' ? { ranges: bench.ranges } : {}),
    },
    only: options.only === null ? null : new Set(options.only),
    budgetMs: options.budgetSeconds * 1000,
    dryRun: options.dryRun,
    onTried: (one) => options.onTrial?.(trialRow(one, options.goal)),
    onStep: (stage, done, of) => run.progress({ stage, done, of }),
  })
  const quantization = precision === null || options.dryRun ? null : await quantizationOf(run, found, precision, bench)
  return { ...found, quantization }
}

/** What takes seconds is done once for each model, or for each key that is given. */
function onceFor<A extends object, R extends readonly unknown[]>(
  work: (of: A, ...rest: R) => Promise<Model>,
  keyOf: (of: A) => string | A = (of) => of,
): (of: A, ...rest: R) => Promise<Model> {
  const done = new Map<string | A, Map<string, Promise<Model>>>()
  return (of, ...rest) => {
    const key = keyOf(of)
    const results = done.get(key) ?? new Map<string, Promise<Model>>()
    done.set(key, results)
    const how = rest.join()
    const result = results.get(how) ?? work(of, ...rest)
    results.set(how, result)
    return result
  }
}

function checkOutputs(asked: readonly string[] | null, { inputs: { outputs } }: Run): void {
  const unknown = asked?.find((name) => !outputs.some((output) => output.name === name))
  if (unknown === undefined) return
  throw new InputError(`--outputs ${unknown}: no such output; there are ${outputs.map(({ name }) => name).join(', ')}`)
}

function remedyEvidence(run: Run, options: FixOptions, evidence: Evidence, diagnosis: ReportDocument): RemedyEvidence {
  const { inputs, machine } = run
  return {
    goal: options.goal,
    engine: { id: options.engine, version: run.engine.version },
    offers: offersOf(options.engine),
    threadsInUse: inputs.threadsInUse,
    usableCpus: machine.usableCpus,
    instructionSets: machine.isa,
    p50Ms: evidence.latency!.p50Ms,
    ...(evidence.profile ? { profile: evidence.profile } : {}),
    ...(evidence.threadSweep ? { threadSweep: evidence.threadSweep } : {}),
    ...(evidence.batchSweep ? { batchSweep: evidence.batchSweep } : {}),
    findings: diagnosis.findings.map(({ rule, timeMs, wouldSaveMs, nodes }) => ({ rule, timeMs, wouldSaveMs, nodes })),
    inputs: (evidence.inputs ?? []).map(({ name, dtype, shape, freeAxes }) => ({ name, dtype, shape, freeAxes })),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? null, shape: type?.shape ?? null })),
    constraints: { fixShapes: options.fixShapes, outputs: options.outputs, maxLoss: options.maxLoss },
  }
}

async function ship(
  file: string,
  run: Run,
  options: FixOptions,
  picture: ReturnType<typeof parsePreprocessing>,
  found: Found,
  report: ReportDocument,
): Promise<void> {
  const { fix: summary } = report
  let setup = found.setup
  let preprocessing: ShipPlan['preprocessing']
  if (picture !== null) {
    const moved = withPreprocessing(setup.model, picture)
    setup = { ...setup, model: moved.model }
    preprocessing = { input: moved.input.name, steps: moved.changes }
  }
  const plan: ShipPlan = {
    out: options.out!,
    force: options.force,
    original: { file, sha256: run.model.source.sha256, proto: run.model.proto },
    setup,
    engine: { id: options.engine, version: run.engine.version, package: engineById(options.engine)!.package },
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
    ...(preprocessing ? { preprocessing } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  }
  if (options.modelAlone) return shipModel(plan)
  run.progress({ stage: 'writing the folder', done: 0, of: 1 })
  const workerCostMs = await alone(
    run,
    () => workerCost(plan, run),
    () => {},
  )
  await shipFolder({ ...plan, workerCostMs })
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
