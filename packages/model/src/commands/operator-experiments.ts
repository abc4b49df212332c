// Which operators are timed alone next to variants, after the model was measured whole, and for how long.
import fs from 'node:fs'
import path from 'node:path'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import type { WhyOptions } from '@whyslow/command/options.ts'
import type { Run } from '@whyslow/command/run.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { offersOf } from '@whyslow/measure/engines/index.ts'
import { analyze } from '../analyze/analyze.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { remedies } from '../remedies/index.ts'
import type { RemedyEvidence } from '../remedies/kit/remedy.ts'
import { operatorExperiments } from '../tune/operators/index.ts'
import { isWorthInt8, wholeInInt8 } from '../tune/operators/whole-in-int8.ts'
import { measureRun } from './measure-run.ts'

/** Time before anything is timed: two processes start, and files are written. */
const STARTS_MS = 900
const LEAST_MS = 300
/** Share of that time for the layers in int8, if int8 may pay. */
const INT8_SHARE = 0.5
/**
 * For the whole model, as it is and as a remedy that acts between operators makes it, beyond the run's plan: what frees the engine everywhere is to be
 * known, and fix tries everything else on top of it. A quick run keeps to its plan.
 */
const WHOLES_MS = 4000

const NO_TIME = {
  quick: 'a quick run of this model leaves no time for it; leave out --quick',
  full: 'the time of a run of this model leaves none for it',
} as const

const LEFT_OUT = 'operators are timed alone if the engine gives the times of nodes, and with its own kernels'

/** Measures the model and its operators. Call it within `TrialRunner.alone`. */
export async function measureWithOperators(run: Run, options: WhyOptions): Promise<Evidence> {
  const { evidence, experimentsMs } = await measureRun(run, options)
  return withOperatorExperiments(run, options, evidence, experimentsMs)
}

async function withOperatorExperiments(
  run: Run,
  options: WhyOptions,
  measured: Evidence,
  experimentsMs: number,
): Promise<Evidence> {
  const offers = offersOf(options.engine)
  const absent = (reason: string): Evidence => ({ ...measured, absent: { ...measured.absent, operatorExperiments: reason } })
  if (!offers.includes('node-times') || !offers.includes('roofs')) return absent(LEFT_OUT)
  if (experimentsMs < STARTS_MS + LEAST_MS) return absent(NO_TIME[options.quick ? 'quick' : 'full'])
  const evidence = analyze(measured, offers)
  const { latency, profile } = evidence
  if (!latency || !profile) return absent(measured.absent.profile ?? 'there is no profile')
  run.progress({ stage: 'timing operators alone', done: 0, of: 1 })
  const folder = path.join(run.folder, 'operators')
  fs.mkdirSync(folder, { recursive: true })
  let names = 0
  const facts = remedyFacts(run, options, measured)
  const budgetMs = experimentsMs - STARTS_MS
  const int8Ms = !options.quick && isWorthInt8(evidence) ? INT8_SHARE * budgetMs : 0
  const bench = {
    run: run.trials.run,
    engineId: options.engine,
    options: run.engineOptions,
    limits: run.limits,
    folder,
    samples: run.inputs.samples,
    p50Ms: latency.p50Ms,
    write: writeModelFolder,
    writeBytes: (bytes: Uint8Array, name: string) => {
      const file = path.join(folder, `${name}.onnx`)
      fs.writeFileSync(file, bytes)
      return file
    },
    nextName: (hint: string) => `${hint}-${names++}`,
  }
  const experiments = await operatorExperiments({
    bench,
    model: run.model,
    modelFile: fileForEngine(run.model),
    savedInputs: run.inputs.saved,
    evidence,
    remedies,
    facts,
    budgetMs: budgetMs - int8Ms,
    wholesMs: options.quick ? 0 : WHOLES_MS,
  })
  if (experiments === undefined) return absent('there is nothing to compare operators with')
  const int8 = int8Ms > 0 && (await wholeInInt8({ bench, model: run.model, evidence, facts, budgetMs: int8Ms }))
  return { ...measured, operatorExperiments: { ...experiments, ...(int8 && { int8 }) } }
}

/** What remedies may know of a run, without a goal of the user's. */
export function remedyFacts(run: Run, options: Pick<WhyOptions, 'engine'>, evidence: Evidence): RemedyEvidence {
  const { inputs, machine, engine } = run
  return {
    goal: 'latency',
    engine: { id: options.engine, version: engine.version },
    offers: offersOf(options.engine),
    threadsInUse: inputs.threadsInUse,
    usableCpus: machine.usableCpus,
    instructionSets: machine.isa,
    p50Ms: evidence.latency!.p50Ms,
    ...(evidence.profile ? { profile: evidence.profile } : {}),
    ...(evidence.threadSweep ? { threadSweep: evidence.threadSweep } : {}),
    ...(evidence.batchSweep ? { batchSweep: evidence.batchSweep } : {}),
    findings: [],
    inputs: (evidence.inputs ?? []).map(({ name, dtype, shape, freeAxes }) => ({ name, dtype, shape, freeAxes })),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? null, shape: type?.shape ?? null })),
    constraints: { fixShapes: false, outputs: null, maxLoss: null },
  }
}
