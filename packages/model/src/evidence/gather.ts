// The measuring itself, in order: blocks of the latency spread over the run, and between them the profile, the sweeps and the
// experiments. What fails is absent with its reason; only the latency must succeed.
import fs from 'node:fs'
import path from 'node:path'
import { weightsBytes } from '@whyslow/graph/constants.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { externalWeights } from '@whyslow/measure/engines/onnxruntime/external-weights.ts'
import type { TensorObservation } from '@whyslow/measure/engines/types.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import { type DeviceOutput, deviceTask } from '@whyslow/measure/timing/device/task.ts'
import { emptyModel } from '@whyslow/measure/timing/empty-model.ts'
import { summarize } from '@whyslow/measure/timing/latency.ts'
import { latencyTask } from '@whyslow/measure/timing/latency-block.ts'
import { callCostOf, correctProfile } from '@whyslow/measure/timing/profile/correct.ts'
import { profileTask } from '@whyslow/measure/timing/profile/run.ts'
import type { ProfileOutput } from '@whyslow/measure/timing/profile/types.ts'
import type { DeviceTimes, EventLoop, LatencyBlock, Memory } from '@whyslow/measure/timing/types.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf, type Trial } from '@whyslow/measure/trials/port.ts'
import type { Evidence } from './evidence.ts'
import { possibleExperiments, runExperiments } from './experiments.ts'
import { measurePairedEngines } from './paired-engines.ts'
import type { GatherPlan, VariedPlan } from './plan.ts'
import { type PlannedProfile, type PossibleMeasurements, planRun, type RunPlan } from './run-plan.ts'
import { batchChoice, batchSweep, type SizeChoice, sizeChoices, sizeSweeps, threadChoice, threadSweep } from './sweeps.ts'

type Optional =
  | 'profile'
  | 'callCost'
  | 'threadSweep'
  | 'batchSweep'
  | 'sizeSweeps'
  | 'experiments'
  | 'eventLoop'
  | 'observed'
  | 'otherEngines'
  | 'device'

export interface GatherResult {
  readonly evidence: Required<Pick<Evidence, 'latency' | 'memory'>> & Pick<Evidence, Optional>
  readonly absent: Record<string, string>
  readonly warnings: readonly string[]
  /** What the run's plan leaves for operators alone, ms. */
  readonly experimentsMs: number
}

const PROFILE_MS_OF_DEVICE = 1000

const LEFT_OUT = 'left out by --quick'

/** What was measured so far. */
interface Gathering {
  readonly plan: VariedPlan
  readonly choices: Choices
  readonly time: RunPlan
  readonly blocks: LatencyBlock[]
  readonly absent: Record<string, string>
  readonly step: (stage: string) => void
  eventLoop?: EventLoop
  observed?: TensorObservation
}

export async function gather(given: GatherPlan): Promise<GatherResult> {
  const run = begin(given)
  const { plan, time, blocks, absent, step } = run
  await measureBlocks(run, 2)
  step('profiling')
  const profiled = time.profile === null ? undefined : await profileTrial(plan, plan.task, time.profile)
  const device = plan.deviceKind === 'cpu' ? undefined : await deviceTrial(plan, plan.task, plan.inputs.firstLook.predictionMs)
  await measureBlocks(run, 1)
  const more = plan.options.quick ? leftOut(absent) : await sweepAndTry(run)
  await measureBlocks(run, time.processes)

  const latency = summarize(blocks, plan.inputs.threadsInUse, plan.machine)
  const profile = profiled ? await profileEvidence(plan, profiled, latency.p50Ms) : noProfile(plan)
  Object.assign(absent, profile.absent)
  return {
    evidence: {
      latency,
      memory: memoryOf(plan, blocks),
      ...profile.evidence,
      ...more,
      ...(run.eventLoop ? { eventLoop: run.eventLoop } : {}),
      ...(run.observed ? { observed: run.observed } : {}),
      ...deviceTimes(device, absent),
    },
    absent,
    warnings: profile.warnings,
    experimentsMs: time.experimentsMs,
  }
}

function begin(given: GatherPlan): Gathering {
  const { options, inputs, limits, engineId, engineOptions, model } = given
  const { capMs } = limits
  const task = modelTask(engineId, fileForEngine(model), engineOptions, inputs.saved)
  const plan = { ...given, task: { ...task, ...(capMs === undefined ? {} : { capMs }) } }
  const choices = choicesOf(plan)
  const time = planRun(inputs.firstLook, options, {
    nodes: plan.offers.includes('node-times') ? plan.graph.nodes.length : null,
    onDevice: plan.deviceKind !== 'cpu',
    threads: 'reason' in choices.threads ? null : choices.threads,
    batch: 'reason' in choices.batch ? null : choices.batch,
    sizes: choices.sizes,
    experiments: choices.experiments,
  })
  const steps = time.processes + (options.quick ? 2 : 5)
  let done = 0
  return {
    plan,
    choices,
    time,
    blocks: [],
    absent: { ...time.leftOut },
    step: (stage) => plan.progress({ stage, done: ++done, of: steps }),
  }
}

interface Choices extends Pick<PossibleMeasurements, 'experiments'> {
  readonly threads: ReturnType<typeof threadChoice>
  readonly batch: ReturnType<typeof batchChoice>
  readonly sizes: readonly SizeChoice[]
}

function choicesOf(plan: GatherPlan): Choices {
  const { engineId, offers } = plan
  const takesThreads = offers.includes('threads') || offers.includes('process-threads')
  return {
    threads: takesThreads ? threadChoice(plan) : { reason: `${engineId} takes no thread count` },
    batch: batchChoice(plan),
    sizes: sizeChoices(plan),
    experiments: offers.includes('configuration') ? possibleExperiments(plan) : { standingOut: [], others: [] },
  }
}

/** This many more, as long as there are fewer than planned. */
async function measureBlocks(run: Gathering, count: number): Promise<void> {
  const { plan, time, blocks, step } = run
  const { processes, block } = time
  for (let k = 0; k < count && blocks.length < processes; k++) {
    step(`predicting in process ${blocks.length + 1} of ${processes}`)
    const { sampleMs, least, plannedMs } = block
    const process = blocks.length
    const trial = await plan.run(
      latencyTask,
      { ...plan.task, process, sampleMs, least, brief: false, watchEventLoop: process === 0 },
      trialLimits(plan.limits, plannedMs),
    )
    if (trial.outcome !== 'measured')
      throw new InputError(`${plan.model.source.file}: the latency could not be measured: ${reasonOf(trial)}`)
    const { eventLoop, observed, ...measured } = trial.value
    if (eventLoop) run.eventLoop = eventLoop
    if (observed) run.observed = observed
    blocks.push(measured)
  }
}

type More = Pick<GatherResult['evidence'], 'threadSweep' | 'batchSweep' | 'sizeSweeps' | 'experiments' | 'otherEngines'>

function leftOut(absent: Record<string, string>): More {
  for (const key of ['threadSweep', 'batchSweep', 'sizeSweeps', 'experiments']) absent[key] = LEFT_OUT
  return {}
}

async function sweepAndTry(run: Gathering): Promise<More> {
  const { plan, time, choices, absent, step } = run
  step('trying other thread counts')
  const threads = time.threads ? await threadSweep(plan, time.threads) : choices.threads
  await measureBlocks(run, 1)
  step('trying other batch sizes')
  const batch = time.batch ? await batchSweep(plan, time.batch) : choices.batch
  const sizes = await sizeSweeps(plan, choices.sizes, time.sizes)
  step('trying changes in pairs')
  const experiments = await runExperiments(plan, time.experiments)
  const others = await measurePairedEngines(plan)
  if (!plan.offers.includes('configuration'))
    absent.experiments = `${plan.engineId} does not take the engine configuration that they change`
  if ('reason' in threads) absent.threadSweep = threads.reason
  if ('reason' in batch) absent.batchSweep = batch.reason
  if (choices.sizes.length === 0) absent.sizeSweeps = 'no input has a free dimension other than the batch'
  return {
    ...('sweep' in threads ? { threadSweep: threads.sweep } : {}),
    ...('sweep' in batch ? { batchSweep: batch.sweep } : {}),
    ...(sizes.length > 0 ? { sizeSweeps: sizes } : {}),
    ...(experiments.length > 0 ? { experiments } : {}),
    ...(others.length > 0 ? { otherEngines: others } : {}),
  }
}

export async function deviceTrial(plan: GatherPlan, task: ModelTask, p50Ms: number): Promise<Trial<DeviceOutput>> {
  const outputTypes = plan.inputs.outputs.flatMap(({ type }) => type ?? [])
  return plan.run(
    deviceTask,
    { ...task, folder: plan.folder, outputTypes },
    trialLimits(plan.limits, PROFILE_MS_OF_DEVICE, p50Ms),
  )
}

/** Writes into `absent` why there is nothing. */
export function deviceTimes(
  trial: Trial<DeviceOutput> | undefined,
  absent: Record<string, string>,
): { readonly device?: DeviceTimes } {
  if (trial === undefined) return {}
  if (trial.outcome !== 'measured') {
    absent.device = `the device could not be watched: ${reasonOf(trial)}`
    return {}
  }
  const { trace, uploadMs, downloadMs, bound, needsCpu } = trial.value
  return {
    device: {
      kernelsMs: trace?.kernelsMs ?? null,
      programs: trace?.programs ?? [],
      uploadMs,
      downloadMs,
      nodes: trace && { onDevice: trace.deviceNodes, onCpu: trace.cpuNodes, copies: trace.copies },
      bound,
      needsCpu,
    },
  }
}

function noProfile({ engineId }: GatherPlan) {
  const reason = `${engineId} gives no times of nodes`
  return { evidence: {}, absent: { profile: reason, callCost: reason, costs: reason, breakdown: reason }, warnings: [] }
}

const optimizedFile = (plan: GatherPlan): string => path.join(plan.folder, 'optimized.onnx')

export async function profileTrial(
  plan: GatherPlan,
  task: ModelTask,
  { plannedMs, ...planned }: PlannedProfile,
): Promise<Trial<ProfileOutput>> {
  const outputs = plan.inputs.outputs.flatMap(({ name, type }) => (type ? [{ name, type }] : []))
  const inputs = Object.entries(plan.inputs.samples[0]!).map(([name, { dtype, shape }]) => ({ name, type: { dtype, shape } }))
  const emptyModelFile = path.join(plan.folder, 'empty.onnx')
  fs.writeFileSync(emptyModelFile, emptyModel(inputs, outputs))
  const options = { ...task.options, configEntries: { ...externalWeights(plan.model), ...task.options.configEntries } }
  return plan.run(
    profileTask,
    {
      ...task,
      ...planned,
      options,
      folder: plan.folder,
      optimizedModelPath: optimizedFile(plan),
      emptyModelFile,
      nodes: plan.graph.nodes.length,
    },
    trialLimits(plan.limits, plannedMs),
  )
}

export async function profileEvidence(plan: GatherPlan, trial: Trial<ProfileOutput>, p50Ms: number) {
  if (trial.outcome !== 'measured') {
    const reason = `the profiled run failed: ${reasonOf(trial)}`
    return { evidence: {}, absent: { profile: reason, callCost: reason, costs: reason, breakdown: reason }, warnings: [reason] }
  }
  const warnings = trial.value.truncated ? ['the engine cut the profile short: times are from its first part'] : []
  const feeds = Object.fromEntries(
    Object.entries(plan.inputs.samples[0]!).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
  )
  const executed: Executed = plan.offers.includes('executed-graph') ? await executedGraph(plan) : { graph: plan.graph }
  if (executed.warning) warnings.push(executed.warning)
  const profile = correctProfile(trial.value, { executed: executed.graph, original: plan.graph }, feeds, {
    p50Ms,
    threads: plan.engineOptions.threads,
  })
  const callCost = callCostOf(trial.value, p50Ms)
  const absent: Record<string, string> = callCost
    ? {}
    : { callCost: 'a model with these inputs and outputs and no nodes could not be run' }
  return { evidence: { profile, ...(callCost ? { callCost } : {}) }, absent, warnings }
}

/** The graph as the engine wrote it, or the user's if it cannot be read again. */
interface Executed {
  readonly graph: GraphView
  readonly warning?: string
}

async function executedGraph(plan: GatherPlan): Promise<Executed> {
  try {
    return { graph: await plan.readExecuted(optimizedFile(plan)) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      graph: plan.graph,
      warning: `the graph as the engine runs it could not be read (${reason}); nodes are joined by name`,
    }
  }
}

export function memoryOf(plan: Pick<GatherPlan, 'model' | 'machine'>, blocks: readonly LatencyBlock[]): Memory {
  const most = (of: (block: LatencyBlock) => number | null): number | null => {
    return medianOrNull(blocks.flatMap((block) => of(block) ?? []))
  }
  const weights = weightsBytes(plan.model)
  const kept = most((block) => block.keptBytes)
  return {
    weightsBytes: weights,
    loadPeakBytes: most((block) => block.loadPeakBytes),
    predictPeakBytes: most((block) => block.predictPeakBytes),
    keptBytes: kept === null ? null : Math.max(0, kept - weights),
    limitBytes: plan.machine.memoryLimitBytes,
  }
}
