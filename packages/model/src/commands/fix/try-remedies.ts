// The search, put to work for `fix`: what is known of the original, the bench that measures on this machine, and what remedies may use.

import { writeInFormat } from '@whyslow/command/model-files/model-for-engine.ts'
import type { Run } from '@whyslow/command/run.ts'
import { readModel } from '@whyslow/formats/index.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { savingsByRemedy } from '../../analyze/foretold.ts'
import type { Evidence } from '../../evidence/evidence.ts'
import { inParts, type JudgedParts, judgedInputs } from '../../evidence/judged-inputs.ts'
import { otherSizes } from '../../evidence/other-sizes.ts'
import { remedies } from '../../remedies/index.ts'
import type { RemedyEvidence, RemedySetup } from '../../remedies/kit/remedy.ts'
import { worstEffect } from '../../tune/candidates.ts'
import { type LocalBenchPlan, localBench } from '../../tune/local-bench/index.ts'
import { search } from '../../tune/search.ts'
import { readExecuted } from '../measure-run.ts'
import { remedyFacts } from '../operator-experiments.ts'
import { trialRow } from './fix-report.ts'
import type { BudgetedOptions, FixOptions } from './options.ts'
import { otherEngines } from './other-engines.ts'
import { precisionOf, quantizationOf, type TuneResult } from './precision.ts'
import { loadSimplify } from './simplify.ts'
import { runnablePlan, trialFolder } from './tried-folder.ts'

const LEAST_SIMPLIFY_MS = 3000
const SIMPLIFY_SHARE = 0.15
/** Most samples of --data on which outputs are compared; where a loss is allowed, together with those of the last proof. */
const JUDGED_SAMPLES = 1000
/** One comparison predicts with all of them: this long, ms, and as share of the budget, and on this many at least; on no more, if they are made up. */
const JUDGING_MS = 8000
const JUDGING_SHARE = 0.05
const LEAST_JUDGED = 64

export async function tryRemedies(
  run: Run,
  options: BudgetedOptions,
  evidence: Evidence,
  diagnosis: ReportDocument,
): Promise<TuneResult> {
  const original: RemedySetup = { model: run.model, options: run.engineOptions, batchFactor: 1, machineBound: false }
  const known = remedyEvidence(run, options, evidence, diagnosis)
  const facts = { ...known, otherEngines: await otherEngines(options, run, known.profile) }
  const judgingMs = Math.min(JUDGING_MS, JUDGING_SHARE * options.budgetSeconds * 1000)
  const affordable = Math.floor(judgingMs / facts.p50Ms)
  const judged = partsOfInputs(run, options, affordable)
  const plan = benchPlan(run, options, facts, judged)
  const bench = localBench(plan)
  // Simplifying takes seconds, and is one remedy of many.
  const simplifyMs = Math.max(LEAST_SIMPLIFY_MS, SIMPLIFY_SHARE * options.budgetSeconds * 1000)
  const simplify = loadSimplify({ limitMs: simplifyMs })
  const optimize = onceFor(bench.optimize, bench.keyOf)
  const precision = precisionOf(run, options, plan, { original, facts, bench, optimize })
  const found = await search({
    bench,
    remedies,
    original,
    evidence: facts,
    tools: {
      optimize,
      ...(simplify ? { simplify: onceFor(simplify) } : {}),
      ...(precision ? { precision: precision.plan, int8On: precision.planOn } : {}),
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
  const caveat = worstEffect(found.kept) === 'approximate' ? judged.together : null
  return { ...found, quantization, caveat }
}

/** If a loss is allowed, the samples that choose and those that prove must differ: whyslow reads more, and each predicts with its own. */
function partsOfInputs(run: Run, { maxLoss, ...options }: FixOptions, affordable: number): JudgedParts {
  const most = Math.max(LEAST_JUDGED, Math.min(JUDGED_SAMPLES, affordable))
  const limit = maxLoss === null ? most : Math.min(2 * most, JUDGED_SAMPLES)
  const all = judgedInputs(run.model, { ...options, folder: run.folder }, run.inputs, limit)
  const mostMade = Math.min(LEAST_JUDGED, affordable)
  return inParts(all, run.inputs, run.graph, { maxLoss, most, mostMade, folder: run.folder })
}

function benchPlan(run: Run, options: FixOptions, { inputs, p50Ms }: RemedyEvidence, judged: JudgedParts): LocalBenchPlan {
  return {
    run: run.trials.run,
    goal: options.goal,
    engineId: options.engine,
    original: run.model,
    originalOptions: run.engineOptions,
    inputs: { saved: run.inputs.saved, samples: run.inputs.samples, facts: inputs },
    judged: judged.choose,
    proof: judged.prove,
    compare: { metric: options.metric, graph: run.graph },
    madeUp: run.inputs.source === 'synthetic',
    outputs: options.outputs,
    maxLoss: options.maxLoss,
    threadsInUse: run.inputs.threadsInUse,
    cpus: run.machine,
    p50Ms,
    limits: run.limits,
    folder: run.folder,
    cache: cacheOf(run, options),
    write: writeInFormat,
    // A model alone is called by the user's own code.
    // With fixed shapes it predicts at no other size.
    ...(options.fixShapes ? {} : { otherSizes: otherSizes(run.inputs.resolved, run.graph, p50Ms) }),
    ...(options.modelAlone ? {} : { ship: (setup, at) => trialFolder(runnablePlan(run, options, setup), run, at) }),
    readExecuted,
    readModel,
  }
}

/** Trials are kept by model, setup, machine, engine and Node; a run with more budget goes on where the last one ended. */
function cacheOf({ machine, engine }: Run, { engine: id, cache }: FixOptions): LocalBenchPlan['cache'] {
  if (cache === 'off') return undefined
  const key = { machine, engine: id, engineVersion: engine.version, nodeVersion: process.versions.node, threads: null }
  return { options: { mode: cache }, key }
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

function remedyEvidence(run: Run, options: FixOptions, evidence: Evidence, diagnosis: ReportDocument): RemedyEvidence {
  return {
    ...remedyFacts(run, options, evidence),
    goal: options.goal,
    findings: diagnosis.findings.map(({ rule, timeMs, wouldSaveMs, nodes }) => ({ rule, timeMs, wouldSaveMs, nodes })),
    alone: savingsByRemedy(evidence.operatorExperiments),
    constraints: { fixShapes: options.fixShapes, outputs: options.outputs, maxLoss: options.maxLoss },
  }
}
