// `fix`: measures and diagnoses, tries the remedies, proves what they give, and ships the proven.
import type { Evidence } from './analyze/evidence.ts'
import { assembleReport } from './assemble.ts'
import type { InputDeclaration } from './engines/types.ts'
import { readModel } from './formats/index.ts'
import { InputError } from './graph/input-error.ts'
import type { Model } from './graph/model.ts'
import { viewGraph } from './graph/view.ts'
import { judgedInputs, type MetricName } from './measure/agreement/index.ts'
import { remedies } from './remedies/index.ts'
import { type PreprocessingFlags, parsePreprocessing, withPreprocessing } from './remedies/preprocessing.ts'
import type { Goal, RemedyEvidence, RemedySetup } from './remedies/remedy.ts'
import type { ReportDocument } from './report/document.ts'
import { fixAnswer } from './report/fix-answer.ts'
import type { TrialRow } from './report/trials.ts'
import { alone, measureRun, type Run, readExecuted, withRun } from './run.ts'
import { checkOut, type ShipPlan, shipFolder, writeModelFolder } from './ship/index.ts'
import { loadSimplify } from './simplify.ts'
import { nameOf } from './tune/candidates.ts'
import { realGround } from './tune/real-ground.ts'
import { type Found, search } from './tune/search.ts'
import type { Tried } from './tune/tried.ts'
import { toolVersion } from './version.ts'
import { DEFAULTS, type WhyOptions } from './why-options.ts'
import { workerCost } from './worker-cost.ts'

export interface FixOptions extends WhyOptions {
  /** The folder to write; null: nothing is written. */
  readonly out: string | null
  /** Replaces an existing folder that is not whyslow's. */
  readonly force: boolean
  /** Ids of the only remedies to try; null: all that fit. */
  readonly only: readonly string[] | null
  /** Diagnoses and names what would be tried; tries nothing. */
  readonly dryRun: boolean
  readonly goal: Goal
  /** Of the search, seconds. */
  readonly budgetSeconds: number
  /** Largest loss allowed, as the metric, top-1 agreement or cosine has it; null: outputs stay equal up to rounding. */
  readonly maxLoss: number | null
  readonly metric: MetricName | null
  /** Symbolic dimensions may be fixed to the shapes used. */
  readonly fixShapes: boolean
  /** The only outputs to keep; null: all. */
  readonly outputs: readonly string[] | null
  /** Code in front of the model that is to move into it. */
  readonly preprocessing: PreprocessingFlags
  /** The sentence of the diagnosis, before anything is tried. */
  readonly onDiagnosis?: (sentence: string) => void
  /** Each trial as it ends. */
  readonly onTrial?: (trial: TrialRow) => void
}

export const FIX_DEFAULTS: FixOptions = {
  ...DEFAULTS,
  quick: true,
  out: null,
  force: false,
  only: null,
  dryRun: false,
  goal: 'latency',
  budgetSeconds: 75,
  maxLoss: null,
  metric: null,
  fixShapes: false,
  outputs: null,
  preprocessing: {},
}

export interface Fixed {
  /** The diagnosis of the original, with `trials` and `fix`; its answer is the sentence that ends `fix`. */
  readonly report: ReportDocument
  readonly evidence: Evidence
  /** The sentence of the diagnosis. */
  readonly diagnosis: string
}

/** Most samples of --data on which outputs are compared. */
const JUDGED_SAMPLES = 1000
const ENGINE_PACKAGE = 'onnxruntime-node'

/**
 * Tries the remedies on the model in `file` and writes what is proven into `out`. Throws InputError where the model, its inputs, the
 * options or the folder cannot be used, and the signal's reason where it is aborted; then nothing is written.
 */
export async function fix(file: string, given: Partial<FixOptions> = {}): Promise<Fixed> {
  const options = { ...FIX_DEFAULTS, ...given }
  checkOnly(options.only)
  const picture = parsePreprocessing(options.preprocessing)
  if (options.out !== null) checkOut(options.out, options.force, file)
  return withRun(file, options, async (run) => {
    // Refused here rather than after minutes of measuring.
    if (picture !== null) withPreprocessing(run.model, picture)
    const unlocked: string[] = []
    const { evidence, diagnosis, found } = await alone(
      run.progress,
      async () => {
        const evidence = await measureRun(run, { ...options, quick: true })
        const diagnosis = assembleReport(evidence, file)
        options.onDiagnosis?.(diagnosis.answer)
        return { evidence, diagnosis, found: await tune(run, options, evidence, diagnosis) }
      },
      (reason) => unlocked.push(`measured without the machine's lock: ${reason}`),
    )
    options.signal?.throwIfAborted()
    const shipped = options.out !== null && !options.dryRun
    const report = withTrials(diagnosis, found, options, shipped ? options.out : null, unlocked)
    if (shipped) await ship(file, run, options, picture, found, report)
    return { report, evidence, diagnosis: diagnosis.answer }
  })
}

function checkOnly(only: readonly string[] | null): void {
  const unknown = only?.find((id) => !remedies.some((remedy) => remedy.id === id))
  if (unknown === undefined) return
  throw new InputError(`--only ${unknown}: no such remedy; there are ${remedies.map(({ id }) => id).join(', ')}`)
}

async function tune(run: Run, options: FixOptions, evidence: Evidence, diagnosis: ReportDocument): Promise<Found> {
  const original: RemedySetup = { model: run.model, options: run.engineOptions, batchFactor: 1, machineBound: false }
  const facts = remedyEvidence(run, options, evidence, diagnosis)
  checkOutputs(options.outputs, facts)
  const ground = realGround({
    goal: options.goal,
    engineId: options.engine,
    original: run.model,
    originalOptions: run.engineOptions,
    inputs: { saved: run.inputs.saved, samples: run.inputs.samples, facts: facts.inputs },
    judged: judgedInputs(run.model, { ...options, folder: run.folder }, run.inputs, JUDGED_SAMPLES),
    compare: { metric: options.metric, graph: run.graph },
    ...(options.outputs ? { outputs: options.outputs } : {}),
    maxLoss: options.maxLoss,
    threadsInUse: run.inputs.threadsInUse,
    p50Ms: facts.p50Ms,
    limits: run.limits,
    folder: run.folder,
    write: writeModelFolder,
    readExecuted,
    readModel,
  })
  const simplify = await loadSimplify()
  return search({
    ground,
    remedies,
    original,
    evidence: facts,
    tools: { optimize: ground.optimize, ...(simplify ? { simplify } : {}) },
    only: options.only === null ? null : new Set(options.only),
    budgetMs: options.budgetSeconds * 1000,
    dryRun: options.dryRun,
    onTried: (one) => options.onTrial?.(trialRow(one)),
    onStep: (stage, done, of) => run.progress({ stage, done, of }),
  })
}

function checkOutputs(asked: readonly string[] | null, { outputs }: RemedyEvidence): void {
  const unknown = asked?.find((name) => !outputs.some((output) => output.name === name))
  if (unknown === undefined) return
  throw new InputError(`--outputs ${unknown}: no such output; there are ${outputs.map(({ name }) => name).join(', ')}`)
}

function remedyEvidence(run: Run, options: FixOptions, evidence: Evidence, diagnosis: ReportDocument): RemedyEvidence {
  const { inputs, machine } = run
  return {
    goal: options.goal,
    engine: { id: options.engine, version: run.engine.version },
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
    wishes: { fixShapes: options.fixShapes, outputs: options.outputs, maxLoss: options.maxLoss },
  }
}

function withTrials(
  diagnosis: ReportDocument,
  found: Found,
  options: FixOptions,
  shipped: string | null,
  unlocked: readonly string[],
): ReportDocument {
  const trials = found.tried.map(trialRow)
  const fixSection = fixOf(diagnosis, found, options, shipped)
  const answer = options.dryRun ? dryRunAnswer(diagnosis.answer, found) : fixAnswer(fixSection, trials)
  return { ...diagnosis, answer, trials, fix: fixSection, warnings: [...unlocked, ...diagnosis.warnings] }
}

const dryRunAnswer = (answer: string, { untried }: Found): string =>
  untried.length > 0 ? `${answer} Would try: ${untried.join(', ')}.` : `${answer} No remedy applies.`

function fixOf(diagnosis: ReportDocument, found: Found, { goal }: FixOptions, shipped: string | null) {
  const { proof, kept, setup, untried } = found
  const proven = kept.length > 0
  const judgement = proof?.judgement ?? null
  const before = judgement?.before ?? diagnosis.latency?.p50Ms ?? 0
  return {
    goal,
    unit: goal === 'memory' || goal === 'size' ? ('bytes' as const) : ('ms' as const),
    before,
    after: proven ? judgement!.after : before,
    speedup: proven ? judgement!.speedup : 1,
    speedupLow: proven ? judgement!.speedupLow : 1,
    speedupHigh: proven ? judgement!.speedupHigh : 1,
    proven,
    kept: kept.map(nameOf),
    changes: kept.flatMap(({ proposal }) => [...proposal.changes]),
    outputs: proven ? proof!.outputs.reason : 'outputs are the original’s',
    untried: [...untried],
    shipped,
    machineBound: setup.machineBound,
  }
}

function trialRow({ judgement, ...one }: Tried): TrialRow {
  const { agreement } = one
  return {
    remedies: [...one.remedies],
    name: one.name,
    outcome: one.outcome,
    kept: one.kept,
    reason: one.reason,
    beforeMs: judgement?.beforeMs ?? null,
    afterMs: judgement?.afterMs ?? null,
    speedup: judgement?.speedup ?? null,
    speedupLow: judgement?.speedupLow ?? null,
    speedupHigh: judgement?.speedupHigh ?? null,
    pairs: judgement?.pairs ?? null,
    predictedSpeedup: one.predictedSpeedup,
    took: one.took,
    changes: [...one.changes],
    agreement:
      agreement === null || agreement.mismatch !== null
        ? null
        : {
            maxAbs: agreement.maxAbs,
            cosine: agreement.cosine,
            sqnrDb: agreement.sqnrDb,
            equal: agreement.equal,
            top1: agreement.top1,
            metric: agreement.metric,
          },
    sizeBytes: finite(one.sizeBytes),
    peakBytes: judgement?.peakBytes ?? null,
  }
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)

async function ship(
  file: string,
  run: Run,
  options: FixOptions,
  picture: ReturnType<typeof parsePreprocessing>,
  found: Found,
  report: ReportDocument,
): Promise<void> {
  const { fix: summary } = report
  const last = report.trials.findLast(({ kept }) => kept)
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
    engine: { id: options.engine, version: run.engine.version, package: ENGINE_PACKAGE },
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
      agreement: last?.agreement ?? null,
      ...(PER[options.goal] ? { per: PER[options.goal]! } : {}),
    },
    workerCostMs: null,
    toolVersion,
    createdAt: report.createdAt,
    ...(preprocessing ? { preprocessing } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  }
  run.progress({ stage: 'writing the folder', done: 0, of: 1 })
  await shipFolder({ ...plan, workerCostMs: await workerCost(plan, run) })
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
