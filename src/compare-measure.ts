// What is measured of those that take part: latency in rounds of fresh processes, at each batch, and beside it the profile, the growth
// with the input's size, and the outputs.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { type Entry, limitsFor, type Opened, type Opening, type Ready, renamed } from './compare-entries.ts'
import { engineById } from './engines/index.ts'
import type { Results } from './engines/types.ts'
import { InputError } from './graph/input-error.ts'
import type { Machine } from './machine/types.ts'
import { type JudgedInputs, judgedInputs } from './measure/agreement/index.ts'
import { inputFacts } from './measure/choose-inputs.ts'
import { deviceTimes, deviceTrial, type GatherPlan, profileEvidence, profileTrial } from './measure/gather.ts'
import { loadInputs, saveInputs } from './measure/inputs/saved.ts'
import { modelTask, trialLimits } from './measure/plan.ts'
import { type Entered, measureRounds, type NotMeasured } from './measure/rounds.ts'
import { median } from './measure/statistics.ts'
import { sizeSweeps } from './measure/sweeps.ts'
import { runTrial } from './measure/trial.ts'
import type { CallCost, DeviceTimes, LatencyBlock, Profile, Sweep } from './measure/types.ts'
import { batchAxes } from './remedies/batch-axes.ts'
import { engineOptionsOf, readExecuted } from './run.ts'
import { joinSamples } from './tune/batches.ts'

export type ReadyEntry = Entry & { readonly state: { readonly ready: Ready } }

export interface MeasuredEntry {
  readonly entry: ReadyEntry
  /** By samples in a prediction; the first is the one that is ranked. */
  readonly byBatch: ReadonlyMap<number, Entered>
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

export interface MeasuredAll {
  readonly entries: readonly MeasuredEntry[]
  /** Samples in a prediction, in the order asked for; the first is the one that is ranked. */
  readonly batches: readonly number[]
  /** Outputs that all are compared with, and the labels of their samples. */
  readonly reference: MeasuredEntry['outputs']
  readonly judged: JudgedInputs
}

const ROUNDS = 5
const QUICK_ROUNDS = 3
/** Of the batches beyond the first. */
const BATCH_ROUNDS = 3
const BLOCK_MS = 250
const QUICK_BLOCK_MS = 200
/** A wider profile belongs to the main command: here it gives the work of the model, and where its time goes. */
const PROFILE_MS = 420
const PROFILE_ROUNDS = 3
/** Larger models grow too slowly to be asked three times over. */
const LONGEST_SWEPT_MS = 400
/** Most samples on which outputs are compared: shares of labelled ones need many. */
const LABELLED_SAMPLES = 1000
const PLAIN_SAMPLES = 64
const LABELLED_MS = 20_000
const PLAIN_MS = 4000
const NONE: Entered = { blocks: [], failure: null }

export const isReady = (entry: Entry): entry is ReadyEntry => 'ready' in entry.state
export const blocksOf = ({ blocks }: Entered): readonly LatencyBlock[] => blocks.filter((block) => block !== null)
/** Median over the processes, ms; NaN where none was measured. */
export const p50Of = (entered: Entered): number => median(blocksOf(entered).map(({ p50Ms }) => p50Ms))

/** To be called alone on the machine. */
export async function measureAll(opened: Opened, machine: Machine, opening: Opening): Promise<MeasuredAll> {
  const { options } = opening
  const ready = opened.entries.filter(isReady)
  const { batches, inputsAt } = batchInputs(opened, opening)
  const rounds = options.rounds ?? (options.quick ? QUICK_ROUNDS : ROUNDS)
  const blockMs = options.seconds === null ? (options.quick ? QUICK_BLOCK_MS : BLOCK_MS) : (options.seconds * 1000) / rounds

  const latencies = new Map<number, readonly Entered[]>()
  for (const [at, batch] of batches.entries()) {
    const taking = at === 0 ? ready : ready.filter((_, i) => latencies.get(batches[0]!)![i]!.failure === null)
    const entered = await measureRounds({
      entrants: taking.map((entry) => ({
        task: { ...taskOf(entry, opening, inputsAt(entry, batch)), sampleMs: blockMs, brief: false },
        limits: limitsFor(entry, opening),
      })),
      rounds: at === 0 ? rounds : Math.min(rounds, BATCH_ROUNDS),
      onBlock: (i, round) => opening.progress(`round ${round + 1}: ${taking[i]!.id}${atBatch(batch, batches)}`, round, rounds),
    })
    latencies.set(
      batch,
      ready.map((entry) => entered[taking.indexOf(entry)] ?? NONE),
    )
  }

  const judged = judgedFor(opened.first, opening)
  const reference = await outputsOf(opened.first, judged, 0, opening, 'first')
  const entries: MeasuredEntry[] = []
  for (const [i, entry] of ready.entries()) {
    const byBatch = new Map(batches.map((batch) => [batch, latencies.get(batch)![i]!]))
    entries.push(await measureMore(entry, i, byBatch, { opened, machine, opening, judged, reference }))
  }
  return { entries, batches, reference, judged }
}

const atBatch = (batch: number, batches: readonly number[]): string => (batches.length > 1 ? `, batch ${batch}` : '')

interface Surroundings {
  readonly opened: Opened
  readonly machine: Machine
  readonly opening: Opening
  readonly judged: JudgedInputs
  readonly reference: MeasuredEntry['outputs']
}

/** What is not a matter of rounds, of one that was measured. */
async function measureMore(
  entry: ReadyEntry,
  index: number,
  byBatch: ReadonlyMap<number, Entered>,
  { opened, machine, opening, judged, reference }: Surroundings,
): Promise<MeasuredEntry> {
  const { options } = opening
  const [base] = byBatch.values()
  const p50Ms = p50Of(base!)
  const nothing: MeasuredEntry = {
    entry,
    byBatch,
    profile: {},
    device: {},
    sizeSweeps: [],
    outputs: null,
    absent: {},
    warnings: [],
  }
  if (Number.isNaN(p50Ms)) return nothing
  const ofModels = opened.entries.some(({ model }) => model !== opened.first.model)
  const plan = gatherPlan(entry, machine, opening, path.join(opening.folder, `more-${index}`))
  const task = taskOf(entry, opening, entry.state.ready.inputs.saved)
  const absent: Record<string, string> = {
    roofs: 'left out by compare',
    threadSweep: 'left out by compare',
    experiments: 'left out by compare',
  }

  let profile: MeasuredEntry['profile'] = {}
  const warnings: string[] = []
  if (options.quick) absent.profile = 'left out by --quick'
  else if (!plan.offers.includes('node-times')) absent.profile = `${entry.engineId} gives no times of nodes`
  else if (!ofModels && entry.id !== opened.first.id) absent.profile = 'left out by compare'
  else {
    opening.progress(`profiling ${entry.id}`, index, opened.entries.length)
    const trial = await profileTrial(plan, { ...task, sampleMs: PROFILE_MS, rounds: PROFILE_ROUNDS }, p50Ms)
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
    opening.progress(`other input sizes of ${entry.id}`, index, opened.entries.length)
    sweeps = await sizeSweeps({ ...plan, task, p50Ms })
  }
  const own = entry === opened.first ? reference : await outputsOf(entry, judged, p50Ms, opening, String(index))
  return { entry, byBatch, profile, device, sizeSweeps: sweeps, outputs: own, absent, warnings }
}

const taskOf = (entry: ReadyEntry, { options }: Opening, saved: string) =>
  modelTask(entry.engineId, entry.model.source.file, engineOptionsOf(options), saved)

function gatherPlan(entry: ReadyEntry, machine: Machine, opening: Opening, folder: string): GatherPlan {
  const { options, limits } = opening
  fs.mkdirSync(folder, { recursive: true })
  return {
    model: entry.model,
    graph: entry.graph,
    inputs: entry.state.ready.inputs,
    machine,
    engineId: entry.engineId,
    engineOptions: engineOptionsOf(options),
    deviceKind: entry.engine?.deviceKind ?? 'cpu',
    offers: engineById(entry.engineId)!.offers,
    options: { quick: options.quick, seconds: options.seconds, batch: null },
    folder,
    limits,
    readExecuted,
    progress: () => {},
  }
}

/** The batches, and the inputs of each; several are joined from single samples. */
function batchInputs(opened: Opened, { options, folder }: Opening) {
  const asked = options.batches
  const { inputs } = opened.first.state.ready
  const axes = batchAxes(inputFacts(inputs))
  if (asked === null || asked.length === 1) {
    const [name, axis] = axes?.entries().next().value ?? []
    const own = name === undefined ? 1 : (inputs.samples[0]?.[name]?.shape[axis!] ?? 1)
    return { batches: [asked?.[0] ?? own], inputsAt: (entry: ReadyEntry) => entry.state.ready.inputs.saved }
  }
  if (axes === null) throw new InputError(`--batch ${asked.join(',')}: not every input has a free batch axis; leave --batch out`)
  const made = new Map<string, string>()
  const inputsAt = (entry: ReadyEntry, batch: number): string => {
    const { inputs } = entry.state.ready
    const key = `${entry.id} ${batch}`
    const own = batchAxes(inputFacts(inputs)) ?? axes
    const saved =
      made.get(key) ?? saveInputs(path.join(folder, 'batches', String(made.size)), joinSamples(inputs.samples, own, batch))
    made.set(key, saved)
    return saved
  }
  return { batches: asked, inputsAt }
}

function judgedFor({ id, model, state }: ReadyEntry, { options, folder }: Opening): JudgedInputs {
  const { inputs } = state.ready
  const batch = options.batches === null ? null : options.batches.length > 1 ? 1 : options.batches[0]!
  const most = inputs.labels === null ? PLAIN_SAMPLES : LABELLED_SAMPLES
  const own = path.join(folder, 'judged', createHash('sha256').update(id).digest('hex').slice(0, 16))
  return judgedInputs(model, { data: options.data, labels: options.labels, batch, folder: own }, inputs, most)
}

/** null: it is fed with made-up inputs of its own, so that its outputs say nothing beside the first one's. */
async function outputsOf(
  entry: ReadyEntry,
  firstJudged: JudgedInputs,
  p50Ms: number,
  opening: Opening,
  name: string,
): Promise<MeasuredEntry['outputs']> {
  const { ready } = entry.state
  if (ready.renames === null && opening.options.data === null) return null
  // The same rows of the user's data, in this model's own types and shapes.
  const judged = ready.renames === null ? judgedFor(entry, opening) : firstJudged
  const renames = ready.renames ?? new Map<string, string>()
  const inMs = judged.labels === null ? PLAIN_MS : LABELLED_MS
  const samples = judged.samples.slice(0, Math.max(1, p50Ms > 0 ? Math.floor(inMs / p50Ms) : judged.samples.length))
  const whole = samples.length === judged.samples.length && renames.size === 0
  const folder = path.join(opening.folder, 'outputs', name)
  const inputs = whole ? judged.saved : saveInputs(path.join(folder, 'inputs'), renamed(samples, renames))
  opening.progress(`outputs of ${entry.id}`, 0, 1)
  const limits = { ...trialLimits(opening.limits, inMs), ...limitsFor(entry, opening) }
  const trial = await runTrial('outputs', { ...taskOf(entry, opening, inputs), outputFolder: folder }, limits)
  if (trial.outcome !== 'measured') return { reason: `its outputs could not be had: ${reasonOf(trial)}` }
  return { samples: loadInputs(trial.value.saved), varying: trial.value.varying }
}

/** As its reader would say it. */
export function reasonOf(failure: NotMeasured): string {
  return failure.outcome === 'timed-out' ? `it did not end within ${Math.round(failure.limitMs / 1000)} s` : failure.reason
}
