// The measuring itself, in order: blocks of the latency spread over the run, and between them the profile, the sweeps and the
// experiments. What fails is absent with its reason; only the latency must succeed.
import fs from 'node:fs'
import path from 'node:path'
import { externalWeights } from '../engines/onnxruntime/external-weights.ts'
import { weightsBytes } from '../graph/constants.ts'
import { InputError } from '../graph/input-error.ts'
import type { GraphView } from '../graph/types.ts'
import { type DeviceOutput, deviceTask } from '../measure/timing/device/task.ts'
import { emptyModel } from '../measure/timing/empty-model.ts'
import { summarize } from '../measure/timing/latency.ts'
import { latencyTask } from '../measure/timing/latency-block.ts'
import { callCostOf, correctProfile } from '../measure/timing/profile/correct.ts'
import { profileTask } from '../measure/timing/profile/run.ts'
import type { ProfileInput, ProfileOutput } from '../measure/timing/profile/types.ts'
import { median } from '../measure/timing/statistics.ts'
import type { DeviceTimes, EventLoop, LatencyBlock, Memory } from '../measure/timing/types.ts'
import { trialLimits } from '../trials/limits.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { modelTask } from '../trials/model-task.ts'
import { reasonOf, type Trial } from '../trials/port.ts'
import type { Evidence } from './evidence.ts'
import { runExperiments } from './experiments.ts'
import type { GatherPlan } from './plan.ts'
import { batchSweep, sizeSweeps, threadSweep } from './sweeps.ts'

type Optional = 'profile' | 'callCost' | 'threadSweep' | 'batchSweep' | 'sizeSweeps' | 'experiments' | 'eventLoop' | 'device'

export interface Gathered {
  readonly evidence: Required<Pick<Evidence, 'latency' | 'memory'>> & Pick<Evidence, Optional>
  readonly absent: Record<string, string>
  readonly warnings: readonly string[]
}

const PROCESSES = 5
const QUICK_PROCESSES = 3
const DEFAULT_MS = 2500
const QUICK_DEFAULT_MS = 900
const PROFILE_SHARE = 0.35
/** A round's sampling: more rounds meet more states of the machine than longer ones do. */
const PROFILE_ROUND_MS = 140
const LEAST_PROFILE_MS = 400
const LEAST_PROFILE_ROUNDS = 3
const MOST_PROFILE_ROUNDS = 10

const PROFILE_MS_OF_DEVICE = 1000

const LEFT_OUT = 'left out by --quick'

/** What was measured so far. */
interface Gathering {
  readonly plan: GatherPlan
  readonly task: ModelTask
  readonly processes: number
  readonly blockMs: number
  readonly blocks: LatencyBlock[]
  readonly absent: Record<string, string>
  readonly step: (stage: string) => void
  eventLoop?: EventLoop
}

export async function gather(plan: GatherPlan): Promise<Gathered> {
  const run = begin(plan)
  const { blocks, absent, task, step, blockMs, processes } = run
  await measureBlocks(run, 2)
  step('profiling')
  const p50Ms = blocks[0]!.p50Ms
  const profiled = plan.offers.includes('node-times')
    ? await profileTrial(plan, { ...task, ...profileTime(blockMs * processes) }, p50Ms)
    : undefined
  const device = plan.deviceKind === 'cpu' ? undefined : await deviceTrial(plan, task, p50Ms)
  await measureBlocks(run, 1)
  const more = plan.options.quick ? leftOut(absent) : await sweepAndTry(run)
  await measureBlocks(run, processes)

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
      ...deviceTimes(device, absent),
    },
    absent,
    warnings: profile.warnings,
  }
}

function begin(plan: GatherPlan): Gathering {
  const { options, inputs, limits, engineId, engineOptions, model } = plan
  const processes = options.quick ? QUICK_PROCESSES : PROCESSES
  const totalMs = options.seconds === null ? (options.quick ? QUICK_DEFAULT_MS : DEFAULT_MS) : options.seconds * 1000
  const { capMs } = limits
  const task = modelTask(engineId, model.source.file, engineOptions, inputs.saved)
  let done = 0
  return {
    plan,
    task: { ...task, ...(capMs === undefined ? {} : { capMs }) },
    processes,
    blockMs: totalMs / processes,
    blocks: [],
    absent: {},
    step: (stage) => plan.progress({ stage, done: ++done, of: options.quick ? 5 : 10 }),
  }
}

/** So many more, as long as there are fewer than planned. */
async function measureBlocks(run: Gathering, count: number): Promise<void> {
  const { plan, task, processes, blockMs, blocks, step } = run
  for (let k = 0; k < count && blocks.length < processes; k++) {
    step(`predicting in process ${blocks.length + 1} of ${processes}`)
    const trial = await plan.run(
      latencyTask,
      { ...task, process: blocks.length, sampleMs: blockMs, brief: false, watchEventLoop: blocks.length === 0 },
      trialLimits(plan.limits, blockMs, blocks[0]?.p50Ms),
    )
    if (trial.outcome !== 'measured')
      throw new InputError(`${plan.model.source.file}: the latency could not be measured: ${reasonOf(trial)}`)
    const { eventLoop, ...block } = trial.value
    if (eventLoop) run.eventLoop = eventLoop
    blocks.push(block)
  }
}

function profileTime(totalMs: number): Pick<ProfileInput, 'sampleMs' | 'rounds'> {
  const sampleMs = Math.max(LEAST_PROFILE_MS, totalMs * PROFILE_SHARE)
  const rounds = Math.round(sampleMs / PROFILE_ROUND_MS)
  return { sampleMs, rounds: Math.min(MOST_PROFILE_ROUNDS, Math.max(LEAST_PROFILE_ROUNDS, rounds)) }
}

type More = Pick<Gathered['evidence'], 'threadSweep' | 'batchSweep' | 'sizeSweeps' | 'experiments'>

function leftOut(absent: Record<string, string>): More {
  for (const key of ['threadSweep', 'batchSweep', 'sizeSweeps', 'experiments']) absent[key] = LEFT_OUT
  return {}
}

async function sweepAndTry(run: Gathering): Promise<More> {
  const { plan, task, blocks, absent, step } = run
  const { engineId, offers } = plan
  const timed = { ...plan, task, p50Ms: median(blocks.map((block) => block.p50Ms)) }
  step('trying other thread counts')
  const takesThreads = offers.includes('threads') || offers.includes('process-threads')
  const threads = takesThreads ? await threadSweep(timed) : { reason: `${engineId} takes no thread count` }
  await measureBlocks(run, 1)
  step('trying other batch sizes')
  const batch = await batchSweep(timed)
  const sizes = await sizeSweeps(timed)
  step('trying changes in pairs')
  const experiments = offers.includes('configuration') ? await runExperiments(timed) : undefined
  if (experiments === undefined) absent.experiments = `${engineId} does not take the engine configuration that they change`
  if (threads.reason) absent.threadSweep = threads.reason
  if (batch.reason) absent.batchSweep = batch.reason
  if (sizes.length === 0) absent.sizeSweeps = 'no input has a free dimension beside the batch'
  return {
    ...(threads.sweep ? { threadSweep: threads.sweep } : {}),
    ...(batch.sweep ? { batchSweep: batch.sweep } : {}),
    ...(sizes.length > 0 ? { sizeSweeps: sizes } : {}),
    ...(experiments && experiments.length > 0 ? { experiments } : {}),
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
  task: ModelTask & Pick<ProfileInput, 'sampleMs' | 'rounds'>,
  p50Ms: number,
): Promise<Trial<ProfileOutput>> {
  const outputs = plan.inputs.outputs.flatMap(({ name, type }) => (type ? [{ name, type }] : []))
  const inputs = Object.entries(plan.inputs.samples[0]!).map(([name, { dtype, shape }]) => ({ name, type: { dtype, shape } }))
  const bytes = emptyModel(inputs, outputs)
  const emptyModelFile = bytes ? path.join(plan.folder, 'empty.onnx') : null
  if (bytes) fs.writeFileSync(emptyModelFile!, bytes)
  const options = { ...task.options, configEntries: { ...externalWeights(plan.model), ...task.options.configEntries } }
  return plan.run(
    profileTask,
    {
      ...task,
      options,
      folder: plan.folder,
      optimizedModelPath: optimizedFile(plan),
      emptyModelFile,
      nodes: plan.graph.nodes.length,
    },
    trialLimits(plan.limits, task.sampleMs, p50Ms),
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

/** The graph as the engine wrote it, or the user's where it cannot be read again. */
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
    const known = blocks.flatMap((block) => of(block) ?? [])
    return known.length > 0 ? median(known) : null
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
