// One process's share of the latency measurement: load, first prediction, warm-up, then samples, each of them kept, with what the
// operating system says of the time around them.

import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { type Clock, processClock, type SamplerPlan, sample, type TimedRun, timeEachRun, warmUp } from '../engines/sampler.ts'
import type { Feeds, LeastRuns, SamplePlan, SampleRun, Session, TensorObservation } from '../engines/types.ts'
import { keepOutputs, type OutputsOutput } from '../outputs/outputs-task.ts'
import { loadInputs } from '../samples/saved.ts'
import { median, medianHalfWidth } from '../statistics/index.ts'
import { openerOf } from '../trials/engine-of.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { defineTask } from '../trials/port.ts'
import type { FirstLook } from '../try-once.ts'
import { startWatch, threads, waitReader } from './disturbance.ts'
import { watchEventLoop } from './event-loop.ts'
import { measureHandoff } from './handoff.ts'
import { type MemoryWatch, watchMemory } from './memory.ts'
import type { Disturbance, EventLoop, LatencyBlock } from './types.ts'

export interface LatencyInput extends ModelTask {
  readonly process: number
  /** Sampling time, ms; at least 10 predictions are made whatever it says, or as `few` has it. */
  readonly sampleMs: number
  /** Leaves out handoff and clock, for sweeps. */
  readonly brief: boolean
  /** Measures the handoff before the samples only. */
  readonly oneHandoff?: boolean
  /** Watches the event loop after the samples, and asks the runtime for what it alone can tell. */
  readonly watchEventLoop?: boolean
  /**
   * Fewest warm-up runs and samples, 2 and 5 in place of 5 and 10: for slow models where many processes are read. `where-slow`: where
   * a prediction of this process takes a quarter of a second.
   */
  readonly few?: boolean | 'where-slow'
  /**
   * The second half of the samples get their inputs in arrays that are made for each prediction, as code does that reads one image after the other; the
   * first half get the same arrays again and again. Where the engine's memory comes from depends on it: allocators keep what programs give back, or
   * return it to the system.
   */
  readonly newArrays?: boolean
  /** Counts that replace these. If there are no runs to warm up, the first prediction is all the warm-up there is. */
  readonly least?: LeastRuns
  /** Predicts with other inputs, too, after all that is timed, and keeps what comes out. */
  readonly outputsOf?: {
    /** Path of an inputs.json. */
    readonly inputs: string
    /** A folder of the caller's, made if it is absent. */
    readonly folder: string
    /** No further sample is begun after this long. */
    readonly inMs: number
    /** Looks whether outputs vary from one prediction to the next. */
    readonly again: boolean
  }
}

export interface LatencyOutput extends LatencyBlock {
  readonly eventLoop?: EventLoop
  readonly observed?: TensorObservation
  /** Threads that predictions ran on; absent if the engine does not tell. */
  readonly threads?: number
  /** Medians of the samples of either kind, ms, if `newArrays` was requested. */
  readonly byArrays?: { readonly kept: number; readonly anew: number }
  /** If requested: their result, or why there is none. */
  readonly outputs?: OutputsOutput | { readonly reason: string }
}

export const LEAST_RUNS = { warmup: 5, samples: 10 } as const
/** A reading that is one of many: the spread between processes is larger than what five samples leave open in one. */
export const FEW_RUNS = { warmup: 2, samples: 5 } as const
/** Duration from which `few: 'where-slow'` takes few, ms. */
const SLOW_MS = 250
/** Samples beyond these narrow nothing and fill the report. */
const MAX_SAMPLES = 20_000
/** Share of the cap: the rest is for the last prediction and the end of the process. */
const CAP_SHARE = 0.6
/** Warm-up takes a quarter of the sampling time: caches, branch predictors and clocks settle within tenths of a second. */
const WARMUP_SHARE = 0.25
/** The loop around the engine is compiled at run time: a model of 16 µs reads 19 µs before that is done, after about 0.1 s. */
export const LEAST_WARMUP_MS = 120
/** Sampling may stop early when the interval of the block's median is narrower than this; what is left is between processes. */
const NARROW = 0.002
/** A page's WebAssembly is first compiled quickly and then well, function by function, while it runs. */
const LEAST_PAGE_WARMUP_MS = 400
/** Below this a look at the scheduler's counters would be felt in the sample. */
const WAIT_PER_SAMPLE_FROM_MS = 1
const HANDOFF_MS = 15

/** What a block is measured with besides its engine; scripted in tests. */
export interface BlockTools {
  readonly now: Clock
  readonly measureHandoff: typeof measureHandoff
  readonly watchMemory: () => MemoryWatch
  readonly startWatch: typeof startWatch
  readonly waitReader: typeof waitReader
  readonly watchEventLoop: typeof watchEventLoop
}
const TOOLS: BlockTools = { now: processClock, measureHandoff, watchMemory, startWatch, waitReader, watchEventLoop }

export async function measureBlock(
  input: LatencyInput,
  engine = openerOf(input),
  tools: BlockTools = TOOLS,
): Promise<LatencyOutput> {
  const { now } = tools
  const feeds = loadInputs(input.inputs)
  const handoffBeforeNs = input.brief ? null : await tools.measureHandoff(HANDOFF_MS)
  // No prediction runs on those that were there before the engine's own.
  const nodeThreads = threads()
  const memory = tools.watchMemory()

  const loadStart = now()
  const session = await engine.open(input.modelFile, input.options)
  if (session.sample) {
    const watch = tools.startWatch()
    const sampled = await session.sample(feeds, samplePlan(input))
    const block = { ...sampledElsewhere(sampled, await watch.stop()), process: input.process, handoffBeforeNs }
    return { ...block, ...threadsOf(session), ...(await askedOutputs(input, session)) }
  }
  const loadMs = now() - loadStart
  const loadPeakBytes = memory.peakBytes()
  memory.resetPeak()
  const runs = feeds.map((sample) => session.prepare(sample))
  const run = timeEachRun(runs, now)
  const firstMs = await run(0)

  const isLate = () => now() - loadStart > (input.capMs ?? Number.POSITIVE_INFINITY) * CAP_SHARE
  const warm = await warmUp(run, { ...leastOf(input), warmupMs: warmupFor(input), isLate }, now)

  const watch = tools.startWatch()
  const sampleMs = input.newArrays ? input.sampleMs / 2 : input.sampleMs
  const plan = { sampleMs, maxSamples: MAX_SAMPLES, isLate, isEnough: isNarrow(sampleMs) }
  const warmMs = warm.warmupRuns > 0 ? warm.warmupMs / warm.warmupRuns : firstMs
  const least = input.newArrays ? FEW_RUNS.samples : warm.least.samples
  const sampling = () => ({ now, waits: tools.waitReader(nodeThreads) })
  const kept = await sampleWatched(run, { ...plan, least, warmMs }, sampling())
  let anew: typeof kept | null = null
  if (input.newArrays) {
    const copying = timeEachCopy(session, feeds, now)
    await warmUp(copying, { least: FEW_RUNS, warmupMs: LEAST_WARMUP_MS, isLate }, now)
    anew = await sampleWatched(copying, { ...plan, least, warmMs }, sampling())
  }
  const sampled = anew === null ? kept : together(kept, anew)
  const { throttledCpuMs, stolenCpuMs, majorFaults, involuntarySwitches, gcMs, clockRatio } = await watch.stop()
  const predictPeakBytes = memory.peakBytes()
  const handoffAfterNs = input.brief || input.oneHandoff ? null : await tools.measureHandoff(HANDOFF_MS)
  const keptBytes = memory.keptBytes()
  const eventLoop = input.watchEventLoop ? await tools.watchEventLoop(runs) : undefined
  const observed = input.watchEventLoop ? await session.observe?.(feeds[0]!) : undefined

  return {
    // The kernel counts threads that a quota stopped as waiting.
    waitedMs: Math.max(0, sampled.waitedMs - throttledCpuMs),
    throttledCpuMs,
    stolenCpuMs,
    majorFaults,
    involuntarySwitches,
    gcMs,
    clockRatio,
    process: input.process,
    p50Ms: anew === null ? median(kept.samplesMs) : (median(kept.samplesMs) + median(anew.samplesMs)) / 2,
    samplesMs: sampled.samplesMs,
    loadMs,
    firstMs,
    warmupMs: warm.warmupMs,
    warmupRuns: warm.warmupRuns,
    wallMs: sampled.wallMs,
    handoffBeforeNs,
    handoffAfterNs,
    regime: '',
    waitAtMedianMs: sampled.waitAtMedianMs,
    loadPeakBytes,
    predictPeakBytes,
    keptBytes,
    ...(eventLoop ? { eventLoop } : {}),
    ...(observed ? { observed } : {}),
    ...(anew === null ? {} : { byArrays: { kept: median(kept.samplesMs), anew: median(anew.samplesMs) } }),
    ...threadsOf(session),
    ...(await askedOutputs(input, session)),
  }
}

type WatchedSamples = Awaited<ReturnType<typeof sampleWatched>>

const together = (a: WatchedSamples, b: WatchedSamples): WatchedSamples => ({
  samplesMs: [...a.samplesMs, ...b.samplesMs],
  wallMs: a.wallMs + b.wallMs,
  waitedMs: a.waitedMs + b.waitedMs,
  waitAtMedianMs: (a.waitAtMedianMs + b.waitAtMedianMs) / 2,
})

/** Predictions of copies, which are made before the clock starts. */
const timeEachCopy =
  (session: Session, feeds: readonly Feeds[], now: Clock): TimedRun =>
  async (k) => {
    const run = session.prepare(copiesOf(feeds[k % feeds.length]!))
    const start = now()
    await run()
    return now() - start
  }

const copiesOf = (feeds: Feeds): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, { ...value, data: (value.data as Float32Array).slice() }]),
  )

const threadsOf = ({ threads }: Session): Pick<LatencyOutput, 'threads'> => (threads === undefined ? {} : { threads })

async function askedOutputs({ outputsOf }: LatencyInput, session: Session): Promise<Pick<LatencyOutput, 'outputs'>> {
  if (outputsOf === undefined) return {}
  try {
    return { outputs: await keepOutputs(session, loadInputs(outputsOf.inputs), outputsOf.folder, outputsOf) }
  } catch (error) {
    return { outputs: { reason: firstLineOf(error) } }
  }
}

const leastOf = ({ few, least }: LatencyInput): Pick<SamplePlan, 'least' | 'slow'> => ({
  least: least ?? (few === true ? FEW_RUNS : LEAST_RUNS),
  ...(few === 'where-slow' ? { slow: { fromMs: SLOW_MS, least: FEW_RUNS } } : {}),
})

const isNarrow =
  (sampleMs: number) =>
  (samplesMs: readonly number[], wallMs: number): boolean =>
    wallMs >= sampleMs / 2 && medianHalfWidth(samplesMs) < NARROW

/** What an engine with a clock of its own is asked for. */
const samplePlan = (input: LatencyInput): SamplePlan => ({
  sampleMs: input.sampleMs,
  ...leastOf(input),
  maxSamples: MAX_SAMPLES,
  warmupMs: input.least?.warmup === 0 ? 0 : Math.max(LEAST_PAGE_WARMUP_MS, warmupFor(input)),
  ...(input.capMs === undefined ? {} : { capMs: input.capMs * CAP_SHARE }),
})

/**
 * Of an engine that is timed where it runs, outside this process: the counters of the machine and of the container hold for it, those
 * of this process do not.
 */
function sampledElsewhere(
  sampled: SampleRun,
  { throttledCpuMs, stolenCpuMs }: Disturbance,
): Omit<LatencyBlock, 'process' | 'handoffBeforeNs'> {
  return {
    ...sampled,
    p50Ms: median(sampled.samplesMs),
    elsewhere: true,
    waitedMs: 0,
    throttledCpuMs,
    stolenCpuMs,
    majorFaults: 0,
    involuntarySwitches: 0,
    gcMs: 0,
    clockRatio: null,
    handoffAfterNs: null,
    regime: '',
    waitAtMedianMs: 0,
    loadPeakBytes: null,
    predictPeakBytes: null,
    keptBytes: null,
  }
}

const warmupFor = ({ sampleMs, least }: Pick<LatencyInput, 'sampleMs' | 'least'>): number =>
  least?.warmup === 0 ? 0 : Math.max(LEAST_WARMUP_MS, sampleMs * WARMUP_SHARE)

/**
 * What a process takes from loading to its last sample, ms, where loading and a prediction take this long: what plans of a run are made
 * of.
 */
export function expectedBlockMs(
  { loadMs, predictionMs }: FirstLook,
  planned: Pick<LatencyInput, 'sampleMs'> & { readonly least: LeastRuns },
): number {
  const predictions = (least: number, ms: number) => Math.max(least, Math.ceil(ms / predictionMs)) * predictionMs
  const { least, sampleMs } = planned
  return loadMs + predictionMs + predictions(least.warmup, warmupFor(planned)) + predictions(least.samples, sampleMs)
}

/** If predictions are long enough, whyslow reads the scheduler's counters around every sample, outside of its time. */
async function sampleWatched(
  run: TimedRun,
  {
    warmMs,
    least,
    ...plan
  }: Omit<SamplerPlan, 'least' | 'slow' | 'warmupMs'> & {
    /** A warm prediction takes about this long. */
    readonly warmMs: number
    readonly least: number
  },
  { now, waits }: { readonly now: Clock; readonly waits: ReturnType<BlockTools['waitReader']> },
) {
  const waitedNs: number[] = []
  const watched = async (k: number): Promise<number> => {
    const before = waits!.read()
    const ms = await run(k)
    waitedNs.push(waits!.read() - before)
    return ms
  }
  const watchEach = waits !== null && warmMs >= WAIT_PER_SAMPLE_FROM_MS
  const waitedBefore = waits?.read() ?? 0
  const sampled = await sample(watchEach ? watched : run, plan, least, now)
  const waitedMs = ((waits?.read() ?? 0) - waitedBefore) / 1e6
  waits?.close()
  return { ...sampled, waitedMs, waitAtMedianMs: waitAtMedian(sampled.samplesMs, waitedNs) }
}

/** Mean wait of the samples between the 40th and the 60th percentile: what waiting adds to the median, not to the tail. */
function waitAtMedian(samplesMs: readonly number[], waitedNs: readonly number[]): number {
  if (waitedNs.length !== samplesMs.length || waitedNs.length === 0) return 0
  const order = samplesMs.map((ms, i) => ({ ms, waited: waitedNs[i]! })).sort((a, b) => a.ms - b.ms)
  const middle = order.slice(Math.floor(order.length * 0.4), Math.ceil(order.length * 0.6))
  return middle.reduce((sum, s) => sum + s.waited, 0) / middle.length / 1e6
}

export const latencyTask = defineTask('latency', import.meta.url, measureBlock)
