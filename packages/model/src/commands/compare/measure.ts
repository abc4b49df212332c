// What is measured of those that take part: latency in rounds of fresh processes, at each batch, and in addition the profile, the growth
// with the input's size, and the outputs.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { engineOptionsOf } from '@whyslow/command/engine-options.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { inputFacts } from '@whyslow/measure/choose-inputs.ts'
import { engineById } from '@whyslow/measure/engines/index.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { joinSamples } from '@whyslow/measure/samples/batches.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import { measureRounds, type RoundsSetup, type SetupRun } from '@whyslow/measure/timing/rounds.ts'
import type { CallCost, DeviceTimes, LatencyBlock, Profile, Sweep } from '@whyslow/measure/timing/types.ts'
import { SOFTWARE_GPU_CAP_MS, trialLimits } from '@whyslow/measure/trials/limits.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf } from '@whyslow/measure/trials/port.ts'
import { deviceTimes, deviceTrial, profileEvidence, profileTrial } from '../../evidence/gather.ts'
import { type JudgedInputs, judgedInputs } from '../../evidence/judged-inputs.ts'
import type { GatherPlan } from '../../evidence/plan.ts'
import { planProfile } from '../../evidence/run-plan.ts'
import { planSweep } from '../../evidence/sweep-plan.ts'
import { sizeChoices, sizeSweeps } from '../../evidence/sweeps.ts'
import { batchAxes } from '../../remedies/kit/batch-axes.ts'
import { readExecuted } from '../measure-run.ts'
import { METRIC_LIMIT_MS, METRIC_SAMPLES } from '../own-metric.ts'
import {
  type Contestant,
  isSoftware,
  limitsFor,
  type OpenedContestants,
  type OpeningContext,
  type Ready,
  renameFeeds,
} from './contestants.ts'

export type ReadyContestant = Contestant & { readonly state: { readonly ready: Ready } }

export interface ContestantRun {
  readonly contestant: ReadyContestant
  /** Runs keyed by samples in a prediction; the first is the one that is ranked. */
  readonly byBatch: ReadonlyMap<number, SetupRun>
  readonly profile: { readonly profile?: Profile; readonly callCost?: CallCost }
  /** What the device did; absent on the CPU. */
  readonly device: { readonly device?: DeviceTimes }
  readonly sizeSweeps: readonly Sweep[]
  readonly outputs:
    | { readonly samples: readonly Results[]; readonly varying: readonly string[] }
    | { readonly reason: string }
    | null
  /** Why parts are missing, by key of the evidence. */
  readonly absent: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

export interface ComparisonRun {
  readonly runs: readonly ContestantRun[]
  /** Samples in a prediction, in the order asked for; the first is the one that is ranked. */
  readonly batches: readonly number[]
  /** Outputs that all are compared with, and the labels of their samples. */
  readonly reference: ContestantRun['outputs']
  readonly judged: JudgedInputs
}

const ROUNDS = 5
const QUICK_ROUNDS = 3
/** No extra round begins later than this by default, ms: what is left to know is not worth a longer wait. */
const LATEST_ROUND_MS = 35_000
/** Rounds of the batches beyond the first. */
const BATCH_ROUNDS = 3
const BLOCK_MS = 250
const QUICK_BLOCK_MS = 200
/** A wider profile belongs to the main command: here it gives the work of the model, and where its time goes. */
const PROFILED_LIKE_MS = 1200
const PROFILE_MS = 4000
/** Predictions profiled of a slow model, in place of that. */
const PROFILE_PREDICTIONS = 15
const SIZE_ROUNDS = [2] as const
/** Larger models grow too slowly to be asked three times over. */
const LONGEST_SWEPT_MS = 400
/** Most samples on which outputs are compared: shares of labelled ones need many. */
const PLAIN_SAMPLES = 64
const PLAIN_MS = 4000
const SOFTWARE_MS = 1000
const NONE: SetupRun = { blocks: [], failure: null }

export const isReady = (contestant: Contestant): contestant is ReadyContestant => 'ready' in contestant.state
export const blocksOf = ({ blocks }: SetupRun): readonly LatencyBlock[] => blocks.filter((block) => block !== null)
/** Median over the processes, ms; NaN if none was measured. */
export const p50Of = (run: SetupRun): number => median(blocksOf(run).map(({ p50Ms }) => p50Ms))

/** Measures all contestants. Call it while nothing else runs on the machine. */
export async function measureAll(opened: OpenedContestants, machine: Machine, opening: OpeningContext): Promise<ComparisonRun> {
  const { options } = opening
  const ready = opened.contestants.filter(isReady)
  const { batches, inputsAt } = batchInputs(opened, opening)
  const rounds = options.rounds ?? (options.quick ? QUICK_ROUNDS : ROUNDS)
  const blockMs = options.seconds === null ? (options.quick ? QUICK_BLOCK_MS : BLOCK_MS) : (options.seconds * 1000) / rounds

  const judged = judgedFor(opened.first, opening)
  const start = performance.now()
  const isEnough = ([one]: readonly SetupRun[]): boolean =>
    options.rounds === null && (one?.blocks.length ?? 0) >= QUICK_ROUNDS && performance.now() - start > LATEST_ROUND_MS
  const latencies = new Map<number, readonly SetupRun[]>()
  for (const [at, batch] of batches.entries()) {
    const taking = at === 0 ? ready : ready.filter((_, i) => latencies.get(batches[0]!)![i]!.failure === null)
    const runs = await measureRounds({
      run: options.trials.run,
      setups: taking.map((contestant) => setupOf(contestant, inputsAt(contestant, batch), at === 0 ? opened.first : null)),
      rounds: at === 0 ? rounds : Math.min(rounds, BATCH_ROUNDS),
      isEnough,
      onBlock: (i, round) => opening.progress(`round ${round + 1}: ${taking[i]!.id}${atBatch(batch, batches)}`, round, rounds),
    })
    latencies.set(
      batch,
      ready.map((contestant) => runs[taking.indexOf(contestant)] ?? NONE),
    )
  }

  const firstAt = ready.indexOf(opened.first)
  const reference =
    firstAt < 0 ? await outputsAlone(opened.first, judged, opening) : outputsIn(latencies.get(batches[0]!)![firstAt]!)
  const runs: ContestantRun[] = []
  for (const [i, contestant] of ready.entries()) {
    const byBatch = new Map(batches.map((batch) => [batch, latencies.get(batch)![i]!]))
    runs.push(await measureMore(contestant, i, byBatch, { opened, machine, opening }))
  }
  return { runs, batches, reference, judged }

  /** `first`: outputs are to be kept, and compared with this one's. */
  function setupOf(contestant: ReadyContestant, saved: string, first: ReadyContestant | null): RoundsSetup {
    const limits = limitsFor(contestant, opening)
    const kept = first === null ? null : outputsTaskOf(contestant, judged, first, opening)
    const software = isSoftware(contestant.engine)
    return {
      task: {
        ...taskOf(contestant, opening, saved),
        sampleMs: blockMs,
        brief: false,
        few: 'where-slow',
        ...(software ? { capMs: SOFTWARE_GPU_CAP_MS } : {}),
      },
      // Nobody waits longer for a software adapter than for its cap, in one process or in all.
      limits: kept === null || software ? limits : { ...limits, timeMs: limits.timeMs + 2 * kept.inMs },
      ...(kept === null ? {} : { outputsOf: kept }),
      ...(options.threads ? { threads: options.threads } : {}),
      ...(software ? { withinMs: SOFTWARE_GPU_CAP_MS } : {}),
    }
  }
}

const atBatch = (batch: number, batches: readonly number[]): string => (batches.length > 1 ? `, batch ${batch}` : '')

interface Surroundings {
  readonly opened: OpenedContestants
  readonly machine: Machine
  readonly opening: OpeningContext
}

/** What is not a matter of rounds, of one that was measured. */
async function measureMore(
  contestant: ReadyContestant,
  index: number,
  byBatch: ReadonlyMap<number, SetupRun>,
  { opened, machine, opening }: Surroundings,
): Promise<ContestantRun> {
  const { options } = opening
  const [base] = byBatch.values()
  const p50Ms = p50Of(base!)
  const nothing: ContestantRun = {
    contestant,
    byBatch,
    profile: {},
    device: {},
    sizeSweeps: [],
    outputs: null,
    absent: {},
    warnings: [],
  }
  if (Number.isNaN(p50Ms)) return nothing
  const ofModels = opened.contestants.some(({ model }) => model !== opened.first.model)
  const plan = gatherPlan(contestant, machine, opening, path.join(opening.folder, `more-${index}`))
  const look = { ...plan.inputs.firstLook, predictionMs: p50Ms }
  const task = taskOf(contestant, opening, contestant.state.ready.inputs.saved)
  const absent: Record<string, string> = {
    roofs: 'left out by compare',
    threadSweep: 'left out by compare',
    experiments: 'left out by compare',
  }

  let profile: ContestantRun['profile'] = {}
  const warnings: string[] = []
  if (options.quick) absent.profile = 'left out by --quick'
  else if (!plan.offers.includes('node-times')) absent.profile = `${contestant.engineId} gives no times of nodes`
  else if (!ofModels && contestant.id !== opened.first.id) absent.profile = 'left out by compare'
  else {
    opening.progress(`profiling ${contestant.id}`, index, opened.contestants.length)
    const asked = { sampleMs: PROFILED_LIKE_MS, nodes: plan.graph.nodes.length }
    const planned = planProfile(look, asked, Math.max(PROFILE_MS, PROFILE_PREDICTIONS * p50Ms))
    const trial = await profileTrial(plan, task, planned)
    const found = await profileEvidence(plan, trial, p50Ms)
    profile = found.evidence
    Object.assign(absent, found.absent)
    warnings.push(...found.warnings)
  }
  // A software adapter's copies are the CPU's own.
  const isDevice = plan.deviceKind === 'gpu' || plan.deviceKind === 'npu'
  const device = isDevice && !options.quick ? deviceTimes(await deviceTrial(plan, task, p50Ms), absent) : {}
  let sweeps: readonly Sweep[] = []
  if (ofModels && !options.quick && p50Ms <= LONGEST_SWEPT_MS) {
    opening.progress(`other input sizes of ${contestant.id}`, index, opened.contestants.length)
    const choices = sizeChoices(plan)
    const all = choices.map((choice) => planSweep(look, choice, SIZE_ROUNDS, Number.POSITIVE_INFINITY))
    sweeps = await sizeSweeps({ ...plan, task }, choices, all)
  }
  return { contestant, byBatch, profile, device, sizeSweeps: sweeps, outputs: outputsIn(base!), absent, warnings }
}

const taskOf = (contestant: ReadyContestant, { options }: OpeningContext, saved: string) =>
  modelTask(contestant.engineId, fileForEngine(contestant.model), engineOptionsOf(options, contestant), saved)

function gatherPlan(contestant: ReadyContestant, machine: Machine, opening: OpeningContext, folder: string): GatherPlan {
  const { options, limits } = opening
  fs.mkdirSync(folder, { recursive: true })
  return {
    run: options.trials.run,
    model: contestant.model,
    graph: contestant.graph,
    inputs: contestant.state.ready.inputs,
    machine,
    engineId: contestant.engineId,
    engineOptions: engineOptionsOf(options, contestant),
    deviceKind: contestant.engine?.deviceKind ?? 'cpu',
    offers: engineById(contestant.engineId)!.offers,
    options: { quick: options.quick, seconds: options.seconds, batch: null },
    folder,
    limits,
    readExecuted,
    progress: () => {},
  }
}

/** The batches, and the inputs of each; several are joined from single samples. */
function batchInputs(opened: OpenedContestants, { options, folder }: OpeningContext) {
  const asked = options.batches
  const { inputs } = opened.first.state.ready
  const axes = batchAxes(inputFacts(inputs))
  if (asked === null || asked.length === 1) {
    const [name, axis] = axes?.entries().next().value ?? []
    const own = name === undefined ? 1 : (inputs.samples[0]?.[name]?.shape[axis!] ?? 1)
    return { batches: [asked?.[0] ?? own], inputsAt: (contestant: ReadyContestant) => contestant.state.ready.inputs.saved }
  }
  if (axes === null) throw new InputError(`--batch ${asked.join(',')}: not every input has a free batch axis; leave --batch out`)
  const made = new Map<string, string>()
  const inputsAt = (contestant: ReadyContestant, batch: number): string => {
    const { inputs } = contestant.state.ready
    const key = `${contestant.id} ${batch}`
    const own = batchAxes(inputFacts(inputs)) ?? axes
    const saved =
      made.get(key) ?? saveInputs(path.join(folder, 'batches', String(made.size)), joinSamples(inputs.samples, own, batch))
    made.set(key, saved)
    return saved
  }
  return { batches: asked, inputsAt }
}

function judgedFor({ id, model, state }: ReadyContestant, { options, folder }: OpeningContext): JudgedInputs {
  const { inputs } = state.ready
  const batch = options.batches === null ? null : options.batches.length > 1 ? 1 : options.batches[0]!
  const most = inputs.labels === null ? PLAIN_SAMPLES : METRIC_SAMPLES
  const own = path.join(folder, 'judged', createHash('sha256').update(id).digest('hex').slice(0, 16))
  return judgedInputs(
    model,
    { data: options.data, labels: options.labels, pictures: options.pictures, batch, folder: own },
    inputs,
    most,
  )
}

/** null: it is fed with made-up inputs of its own, so that its outputs cannot be compared with the first one's. */
function outputsTaskOf(
  contestant: ReadyContestant,
  firstJudged: JudgedInputs,
  first: ReadyContestant,
  opening: OpeningContext,
): NonNullable<RoundsSetup['outputsOf']> | null {
  const { ready } = contestant.state
  if (ready.renames === null && opening.options.data === null) return null
  // The same rows of the user's data, in this model's own types and shapes.
  const judged = ready.renames === null ? judgedFor(contestant, opening) : firstJudged
  const renames = ready.renames ?? new Map<string, string>()
  const folder = path.join(opening.folder, 'outputs', createHash('sha256').update(contestant.id).digest('hex').slice(0, 16))
  return {
    inputs: renames.size === 0 ? judged.saved : saveInputs(path.join(folder, 'inputs'), renameFeeds(judged.samples, renames)),
    folder,
    inMs: isSoftware(contestant.engine) ? SOFTWARE_MS : judged.labels === null ? PLAIN_MS : METRIC_LIMIT_MS,
    // Random operators are the model's: of one model its first engine tells.
    again: contestant === first || contestant.model !== first.model,
  }
}

function outputsIn({ outputs }: SetupRun): ContestantRun['outputs'] {
  if (outputs === undefined) return null
  if ('reason' in outputs) return { reason: `its outputs could not be had: ${outputs.reason}` }
  return { samples: loadInputs(outputs.saved), varying: outputs.varying }
}

/** Outputs of a first model that takes no part itself. */
async function outputsAlone(
  first: ReadyContestant,
  judged: JudgedInputs,
  opening: OpeningContext,
): Promise<ContestantRun['outputs']> {
  const { inputs, folder, inMs } = outputsTaskOf(first, judged, first, opening)!
  opening.progress(`outputs of ${first.id}`, 0, 1)
  const limits = { ...trialLimits(opening.limits, inMs), ...limitsFor(first, opening) }
  const trial = await opening.options.trials.run(outputsTask, { ...taskOf(first, opening, inputs), outputFolder: folder }, limits)
  return outputsIn({ ...NONE, outputs: trial.outcome === 'measured' ? trial.value : { reason: reasonOf(trial) } })
}
