// Whether a setup's outputs are the original's, on the inputs that choose, and at last on those that prove: within what is promised, or within
// what the engine's own levels of optimization move them by.

import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import {
  type Agreement,
  type AgreementVerdict,
  compareOutputs,
  type OutputCheck,
  SAME_DECISIONS,
  verdict,
} from '@whyslow/measure/outputs/index.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonInWords, type Trial } from '@whyslow/measure/trials/port.ts'
import type { JudgedInputs } from '../../evidence/judged-inputs.ts'
import type { Effect, RemedySetup } from '../../remedies/kit/remedy.ts'
import type { Bench } from '../bench.ts'
import type { LocalBenchPlan } from './plan.ts'
import { madeTask, type SetupTasks } from './setup-tasks.ts'

/** Twice what the engine's own levels differ by, but never more than a hundredth of an output's range. */
const NOISE_FACTOR = 2
const MOST_NOISE = 0.01

interface Outputs {
  readonly samples: readonly Feeds[]
  /** Names of those that differ between two predictions with the same feeds. */
  readonly varying: readonly string[]
}

/** The original's outputs on some inputs, and how far its own levels of optimization move them; each looked at once. */
interface Originals {
  readonly inputs: JudgedInputs
  outputsOf(task: ModelTask): Promise<Trial<Outputs>>
  outputs(): Promise<Trial<Outputs>>
  noise(original: Outputs, names: readonly string[]): Promise<number | null>
}

type ComparisonPlan = Pick<
  LocalBenchPlan,
  | 'run'
  | 'engineId'
  | 'original'
  | 'originalOptions'
  | 'judged'
  | 'proof'
  | 'compare'
  | 'madeUp'
  | 'outputs'
  | 'maxLoss'
  | 'p50Ms'
  | 'limits'
>

export function outputComparison(plan: ComparisonPlan, tasks: SetupTasks): Bench['compare'] {
  const { judged, proof } = plan
  /** Checks keyed by setup and promise. */
  const checks = new Map<string, Promise<OutputCheck>>()
  const looks = originalsOn(judged, plan, tasks)
  const proofs = proof === judged ? looks : originalsOn(proof, plan, tasks)

  async function check(setup: RemedySetup, promise: Effect, depth: 'look' | 'shipped'): Promise<OutputCheck> {
    const originals = depth === 'shipped' ? await provable() : looks
    const original = await originals.outputs()
    if (original.outcome !== 'measured')
      return { ok: false, reason: `the original's outputs could not be had: ${reasonInWords(original)}`, agreement: null }
    const one = { ...setup, batchFactor: 1 }
    const made = await madeTask(depth === 'shipped' ? tasks.shippedTaskOf(one) : tasks.taskOf(one), plan.limits.signal)
    const candidate = made.outcome === 'measured' ? await originals.outputsOf(made.value) : made
    if (candidate.outcome !== 'measured') return { ok: false, reason: reasonInWords(candidate), agreement: null }
    const outputs = comparable(original.value, plan.outputs)
    // Settings alone change no number, so that they need no comparison.
    if (outputs.length === 0) return { ok: promise === 'exact', reason: ALL_VARY, agreement: null, isBlind: true }
    const madeUp = plan.madeUp === true && !isFitted(setup.model, plan.original)
    const options = { ...plan.compare, labels: originals.inputs.labels, outputs, madeUp }
    const agreement = compareOutputs(original.value.samples, candidate.value.samples, options)
    const said = verdict(agreement, promise, plan.maxLoss)
    if (said.ok && promise === 'approximate' && originals !== looks)
      return { ok: true, reason: `${said.reason}, on ${proof.samples.length} held-out inputs`, agreement }
    if (!said.ok && agreement.isEmpty) return { ...said, agreement, isBlind: true }
    if (said.ok || promise === 'exact' || agreement.mismatch !== null) return { ...said, agreement }
    const forgiven = withinLoss(agreement, plan) ?? withinNoise(agreement, await originals.noise(original.value, outputs))
    return { ...(forgiven ?? said), agreement }
  }

  /** Made-up inputs that nobody tried may be refused by the model itself: then those that it takes prove. */
  async function provable(): Promise<Originals> {
    return (await proofs.outputs()).outcome === 'measured' ? proofs : looks
  }

  return (setup, promise, depth = 'look') => {
    const key = `${tasks.keyOf({ ...setup, batchFactor: 1 })} ${promise}`
    const known = (depth === 'look' ? checks.get(key) : undefined) ?? check(setup, promise, depth)
    if (depth === 'look' || proofs === looks) checks.set(key, known)
    return known
  }
}

function originalsOn(inputs: JudgedInputs, plan: ComparisonPlan, tasks: SetupTasks): Originals {
  const { saved, samples } = inputs
  const limits = trialLimits(plan.limits, (samples.length + 1) * plan.p50Ms * 10, plan.p50Ms)
  let originals: Promise<Trial<Outputs>> | undefined
  let noise: Promise<number | null> | undefined

  async function outputsOf(task: ModelTask): Promise<Trial<Outputs>> {
    const trial = await plan.run(outputsTask, { ...task, inputs: saved, outputFolder: tasks.newPath('outputs') }, limits)
    if (trial.outcome !== 'measured') return trial
    return { outcome: 'measured', value: { samples: loadInputs(trial.value.saved), varying: trial.value.varying } }
  }

  const originalOutputs = (options: EngineOptions): Promise<Trial<Outputs>> =>
    outputsOf({ engine: plan.engineId, modelFile: fileForEngine(plan.original), options, inputs: saved })

  /**
   * Deep networks make the last digit of a sum large. How far the engine's own levels of optimization move these outputs, which
   * only add in another order, is what rounding amounts to in this model. null: not known.
   */
  async function noiseOf(original: Outputs, outputs: readonly string[]): Promise<number | null> {
    const graphOptimization = plan.originalOptions.graphOptimization === 'disabled' ? 'all' : 'disabled'
    const level = await originalOutputs({ ...plan.originalOptions, graphOptimization })
    if (level.outcome !== 'measured') return null
    return compareOutputs(original.samples, level.value.samples, { ...plan.compare, outputs }).maxRelative
  }

  return {
    inputs,
    outputsOf,
    outputs() {
      originals ??= originalOutputs(plan.originalOptions)
      return originals
    },
    noise(original, names) {
      noise ??= noiseOf(original, names)
      return noise
    },
  }
}

/** Operators with which a candidate depends on what the inputs hold: ranges that are found on them, and details that become lost. */
const FITTED = ['QuantizeLinear', 'Resize']

/**
 * More of them than in the original: how far made-up inputs move its scores does not tell how far real ones do, which may be beyond the ranges.
 */
function isFitted(candidate: Model, original: Model): boolean {
  if (candidate === original) return false
  const countIn = ({ proto }: Model) => nodesOf(proto).filter(({ opType }) => FITTED.includes(opType)).length
  return countIn(candidate) > countIn(original)
}

const ALL_VARY =
  'every output changes from one prediction to the next, as random numbers make it, so that nothing can be compared'

/** The requested outputs that say something: random ones differ from themselves. One that the candidate alone makes again each time is wrong. */
function comparable({ samples: [first = {}], varying }: Outputs, asked: readonly string[] | null): readonly string[] {
  return Object.keys(first).filter((name) => (asked?.includes(name) ?? true) && !varying.includes(name))
}

/** What only rounds, but moves an output by more than that, is judged as a loss where one is allowed; further off, it computes something else. */
function withinLoss(agreement: Agreement, { maxLoss }: ComparisonPlan): AgreementVerdict | null {
  if (maxLoss === null || agreement.maxRelative > MOST_NOISE) return null
  const found = verdict(agreement, 'approximate', maxLoss)
  return found.ok ? found : null
}

function withinNoise(
  { top1, maxRelative, selections = [] }: Agreement,
  noise: number | null,
): { ok: true; reason: string } | null {
  const isSame = [top1 ?? 1, ...selections.map(({ same }) => same)].every((share) => share >= SAME_DECISIONS)
  if (noise === null || !isSame || maxRelative > Math.min(MOST_NOISE, NOISE_FACTOR * noise)) return null
  const [own, theirs] = [maxRelative, noise].map((value) => value.toExponential(0))
  return { ok: true, reason: `outputs equal to ${own} of their range, as the engine's own levels are (${theirs})` }
}
