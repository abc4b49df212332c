// Readings in fresh processes on this machine, through the trials of `measure/`.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { externalWeights } from '../engines/onnxruntime/external-weights.ts'
import type { EngineOptions, Feeds } from '../engines/types.ts'
import type { JudgedInputs } from '../evidence/judged-inputs.ts'
import type { Model } from '../graph/model.ts'
import type { GraphView } from '../graph/types.ts'
import { hashOfFile } from '../machine/files.ts'
import { optimizeTask } from '../measure/optimize-task.ts'
import {
  type Agreement,
  type AllowedLoss,
  type CompareOptions,
  compareOutputs,
  type OutputCheck,
  SAME_DECISIONS,
  verdict,
} from '../measure/outputs/index.ts'
import { outputsTask } from '../measure/outputs/outputs-task.ts'
import { joinSamples } from '../measure/samples/batches.ts'
import { loadInputs, saveInputs } from '../measure/samples/saved.ts'
import { type LatencyOutput, latencyTask } from '../measure/timing/latency-block.ts'
import { startTask } from '../measure/timing/start.ts'
import { median } from '../measure/timing/statistics.ts'
import { extremesIn, givingExtremes } from '../quantize/calibrate/extremes.ts'
import { batchAxes } from '../rewrite/batch-axes.ts'
import type { Effect, Goal, RemedyInput, RemedySetup, RemedyTools } from '../rewrite/remedy.ts'
import { type CacheKey, type CacheOptions, readCached, writeCached } from '../trials/cache.ts'
import { type Limits, trialLimits, tryLimits } from '../trials/limits.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { type RunTrial, reasonInWords, type Trial } from '../trials/port.ts'
import type { Bench, Reading, Remembered } from './bench.ts'

export interface LocalBenchPlan {
  readonly run: RunTrial
  readonly goal: Goal
  readonly engineId: string
  readonly original: Model
  readonly originalOptions: EngineOptions
  /** Path of the inputs.json that is predicted with; what outputs are compared on. */
  readonly inputs: { readonly saved: string; readonly samples: readonly Feeds[]; readonly facts: readonly RemedyInput[] }
  readonly judged: JudgedInputs
  readonly compare: Pick<CompareOptions, 'metric' | 'graph'>
  /** The only outputs that are asked for; null: all of them. */
  readonly outputs: readonly string[] | null
  readonly maxLoss: AllowedLoss | null
  /** Threads of the engine's pool where the options leave it to the engine. */
  readonly threadsInUse: number
  readonly p50Ms: number
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  /** Writes the model and its weights into a new folder, and returns the model's path and all bytes. */
  readonly write: (model: Model, folder: string) => Promise<{ readonly file: string; readonly sizeBytes: number }>
  /** Of judgements; absent: nothing is kept or recalled. */
  readonly cache?: { readonly options: CacheOptions; readonly key: Omit<CacheKey, 'kind' | 'subject'> } | undefined
  readonly readExecuted: (file: string) => Promise<GraphView>
  readonly readModel: (file: string) => Promise<Model>
}

/** Sampling time of one reading: some tens of predictions, and no more than tells the setups apart. */
const SAMPLES = 25
const LEAST_MS = 120
/** The last proof samples longer: code that is compiled at run time is warm, and clocks have settled. */
const THOROUGH = 3
const MOST_MS = 250
/** Starts of fresh processes scatter by a quarter: a reading is the median of so many. More of them leave less time for pairs. */
const STARTS = 2
const STARTS_THOROUGH = 5
/** Long ones scatter less: none is added to a reading once this much has been counted. */
const STARTS_MS = 500
/** Twice what the engine's own levels differ by, but never more than a hundredth of an output's range. */
const NOISE_FACTOR = 2
const MOST_NOISE = 0.01

export type LocalBench = Bench & Required<Pick<RemedyTools, 'optimize' | 'ranges'>>

export function localBench(plan: LocalBenchPlan): LocalBench {
  const { run, limits, judged } = plan
  const sampleMs = Math.min(MOST_MS, Math.max(LEAST_MS, SAMPLES * plan.p50Ms))
  // By what holds the weights: a model that nobody can come back to is not kept for its number.
  const files = new WeakMap<object, Promise<{ file: string; sizeBytes: number }>>()
  const ids = new WeakMap<object, number>()
  const checks = new Map<string, Promise<OutputCheck>>()
  const batches = new Map<number, string>()
  const started = new Set<string>()
  const hashes = new Map<string, Promise<string>>()
  const inputsHash = hashOfFeeds(plan.inputs.samples)
  let originalOutputs: Promise<Trial<{ readonly samples: readonly Feeds[]; readonly varying: readonly string[] }>> | undefined
  let ownNoise: Promise<number | null> | undefined
  let process = 0
  let models = 0
  const sizes = new WeakMap<object, number>([[plan.original.proto, plan.original.source.sizeBytes]])

  function idOf({ proto }: Model): number {
    if (!ids.has(proto)) ids.set(proto, models++)
    return ids.get(proto)!
  }

  function fileOf(model: Model): Promise<{ file: string; sizeBytes: number }> {
    const { source, proto } = model
    if (proto === plan.original.proto) return Promise.resolve({ file: source.file, sizeBytes: source.sizeBytes })
    let written = files.get(proto)
    if (written === undefined) {
      written = plan.write(model, path.join(plan.folder, `candidate-${idOf(model)}`)).then((one) => {
        sizes.set(proto, one.sizeBytes)
        return one
      })
      files.set(proto, written)
    }
    return written
  }

  /** By the bytes of models and inputs (of weights beside a model their size), so that another run finds the same. */
  async function cacheKey(base: RemedySetup, candidate: RemedySetup): Promise<CacheKey> {
    const sides = [base, candidate].map(async ({ model, options, batchFactor }) => {
      const { file, sizeBytes } = await fileOf(model)
      return `${await sha256Of(file)} ${sizeBytes} ${batchFactor} ${optionsKey(options)}`
    })
    const subject = [plan.goal, inputsHash, ...(await Promise.all(sides))].join('\n')
    return { ...plan.cache!.key, kind: 'trial', subject }
  }

  function sha256Of(file: string): Promise<string> {
    let hash = hashes.get(file)
    if (hash === undefined) {
      hash = hashOfFile(file)
      hashes.set(file, hash)
    }
    return hash
  }

  function inputsOf(factor: number): string {
    if (factor === 1) return plan.inputs.saved
    if (!batches.has(factor)) {
      const joined = joinSamples(plan.inputs.samples, batchAxes(plan.inputs.facts)!, factor)
      batches.set(factor, saveInputs(path.join(plan.folder, `batch-${factor}`), joined))
    }
    return batches.get(factor)!
  }

  /** In a folder of its own, since the weights beside each are given one name. */
  function ownFile(name: string): string {
    const folder = path.join(plan.folder, name)
    fs.mkdirSync(folder)
    return path.join(folder, 'model.onnx')
  }

  async function taskOf({ model, options, batchFactor }: RemedySetup): Promise<ModelTask> {
    return { engine: plan.engineId, modelFile: (await fileOf(model)).file, options, inputs: inputsOf(batchFactor) }
  }

  async function measure(setup: RemedySetup, thorough = false): Promise<Trial<Reading>> {
    if (plan.goal === 'load-time') return measureStarts(await taskOf(setup), thorough ? STARTS_THOROUGH : STARTS)
    const trial = await predict(setup, thorough)
    if (trial.outcome !== 'measured') return trial
    const reading = readingOf(trial.value, setup)
    if (!Number.isNaN(reading.score)) return { outcome: 'measured', value: reading }
    return { outcome: 'failed', reason: `this system does not tell what ${plan.goal} is about` }
  }

  async function predict(setup: RemedySetup, thorough: boolean): Promise<Trial<LatencyOutput>> {
    const task = await taskOf(setup)
    // One thread hands nothing over, so that its handoff need not be known.
    const brief = (setup.options.threads ?? plan.threadsInUse) === 1
    const planned = sampleMs * Math.min(setup.batchFactor, 4) * (thorough ? THOROUGH : 1)
    return run(
      latencyTask,
      { ...task, process: process++, sampleMs: planned, brief, oneHandoff: true, few: !thorough },
      trialLimits(limits, planned, plan.p50Ms * setup.batchFactor),
    )
  }

  function readingOf(block: LatencyOutput, setup: RemedySetup): Reading {
    const { p50Ms, predictPeakBytes, handoffBeforeNs } = block
    const disturbed = block.waitedMs / (setup.options.threads ?? plan.threadsInUse) + block.stolenMs + block.throttledMs
    const score = {
      latency: p50Ms,
      throughput: p50Ms / setup.batchFactor,
      memory: predictPeakBytes ?? Number.NaN,
      size: sizes.get(setup.model.proto) ?? Number.NaN,
      'load-time': block.loadMs + block.firstMs,
    }[plan.goal]
    return {
      score,
      p50Ms,
      peakBytes: predictPeakBytes,
      handoffNs: handoffBeforeNs,
      disturbedShare: disturbed / Math.max(block.wallMs, 1e-9),
    }
  }

  /** The first start of a file reads it from the disk, and does not count. */
  async function measureStarts(task: ModelTask, count: number): Promise<Trial<Reading>> {
    const starts: number[] = []
    const isFirst = !started.has(task.modelFile)
    started.add(task.modelFile)
    let countedMs = 0
    for (let k = isFirst ? -1 : 0; k < count && countedMs < STARTS_MS; k++) {
      const trial = await run(startTask, task, tryLimits(limits))
      if (trial.outcome !== 'measured') return trial
      if (k < 0) continue
      starts.push(trial.value.totalMs)
      countedMs += trial.value.totalMs
    }
    const value = { score: median(starts), p50Ms: null, peakBytes: null, handoffNs: null, disturbedShare: 0 }
    return { outcome: 'measured', value }
  }

  async function outputsOf(task: ModelTask, name: string) {
    const outputFolder = path.join(plan.folder, `outputs-${name}`)
    const trial = await run(outputsTask, { ...task, inputs: judged.saved, outputFolder }, outputLimits())
    if (trial.outcome !== 'measured') return trial
    const { saved, varying } = trial.value
    return { outcome: 'measured' as const, value: { samples: loadInputs(saved), varying } }
  }

  /**
   * Deep networks make the last digit of a sum large. How far the engine's own levels of optimization move these outputs, which
   * only add in another order, is what rounding amounts to in this model.
   */
  async function withinOwnNoise(seen: Agreement, outputs: readonly string[]): Promise<{ ok: true; reason: string } | null> {
    const { graphOptimization } = plan.originalOptions
    const other = graphOptimization === 'disabled' ? 'all' : 'disabled'
    ownNoise ??= (async () => {
      const original = await originalOutputs!
      const level = await outputsOf(originalTask({ ...plan.originalOptions, graphOptimization: other }), 'other-level')
      if (original.outcome !== 'measured' || level.outcome !== 'measured') return null
      return compareOutputs(original.value.samples, level.value.samples, { ...plan.compare, outputs }).maxRelative
    })()
    const noise = await ownNoise
    const same = seen.top1 === null || seen.top1 >= SAME_DECISIONS
    if (noise === null || !same || seen.maxRelative > Math.min(MOST_NOISE, NOISE_FACTOR * noise)) return null
    const [own, theirs] = [seen.maxRelative, noise].map((value) => value.toExponential(0))
    return { ok: true, reason: `outputs equal to ${own} of their range, as the engine's own levels are (${theirs})` }
  }

  const outputLimits = () => trialLimits(limits, (judged.samples.length + 1) * plan.p50Ms * 10, plan.p50Ms)

  const originalTask = (options: EngineOptions): ModelTask => ({
    engine: plan.engineId,
    modelFile: plan.original.source.file,
    options,
    inputs: judged.saved,
  })

  const keyOf = ({ model, options, batchFactor }: RemedySetup): string => `${idOf(model)} ${batchFactor} ${optionsKey(options)}`

  async function checkOutputs(setup: RemedySetup, promise: Effect): Promise<OutputCheck> {
    originalOutputs ??= outputsOf(originalTask(plan.originalOptions), 'original')
    const original = await originalOutputs
    if (original.outcome !== 'measured')
      return { ok: false, reason: `the original's outputs could not be had: ${reasonInWords(original)}`, agreement: null }
    const task = await taskOf({ ...setup, batchFactor: 1 })
    const candidate = await outputsOf(task, `candidate-${process++}`)
    if (candidate.outcome !== 'measured') return { ok: false, reason: reasonInWords(candidate), agreement: null }
    const varying = new Set([...original.value.varying, ...candidate.value.varying])
    const asked = Object.keys(original.value.samples[0] ?? {}).filter((name) => plan.outputs?.includes(name) ?? true)
    const outputs = asked.filter((name) => !varying.has(name))
    const agreement = compareOutputs(original.value.samples, candidate.value.samples, {
      ...plan.compare,
      labels: judged.labels,
      outputs,
    })
    const said = verdict(agreement, promise, plan.maxLoss)
    if (said.ok || promise === 'exact' || agreement.mismatch !== null) return { ...said, agreement }
    return { ...((await withinOwnNoise(agreement, outputs)) ?? said), agreement }
  }

  return {
    keyOf,
    measure,
    async predictMs(setup) {
      const trial = await predict(setup, false)
      return trial.outcome === 'measured' ? { outcome: 'measured', value: trial.value.p50Ms } : trial
    },
    compare(setup, promise, again = false) {
      const key = `${keyOf({ ...setup, batchFactor: 1 })} ${promise}`
      const check = (again ? undefined : checks.get(key)) ?? checkOutputs(setup, promise)
      checks.set(key, check)
      return check
    },
    async executed(setup) {
      const file = ownFile(`executed-${process++}`)
      const { options } = setup
      const configEntries = { ...externalWeights(setup.model), ...options.configEntries }
      const task = { ...(await taskOf(setup)), options: { ...options, configEntries }, optimizedModelPath: file }
      const trial = await run(optimizeTask, task, tryLimits(limits))
      return trial.outcome === 'measured' ? plan.readExecuted(file).catch(() => null) : null
    },
    async optimize(setup, level) {
      const file = ownFile(`optimized-${process++}-${level}`)
      const { options } = setup
      const configEntries = { ...externalWeights(setup.model), ...options.configEntries }
      const task = await taskOf(setup)
      const changed = { ...task, options: { ...options, graphOptimization: level, configEntries }, optimizedModelPath: file }
      const trial = await run(optimizeTask, changed, tryLimits(limits))
      if (trial.outcome !== 'measured') throw new Error(reasonInWords(trial))
      return plan.readModel(file)
    },
    async ranges(setup, values) {
      const model = givingExtremes(setup.model, values)
      const task = await taskOf({ ...setup, model, batchFactor: 1 })
      const options = { ...task.options, graphOptimization: 'disabled' as const }
      const seen = await outputsOf({ ...task, options }, `ranges-${process++}`)
      if (seen.outcome !== 'measured') throw new Error(`ranges of values could not be measured: ${reasonInWords(seen)}`)
      return extremesIn(seen.value.samples, values)
    },
    sizeBytes: ({ model }) => sizes.get(model.proto) ?? Number.NaN,
    nowMs: () => performance.now(),
    async recall(base, candidate) {
      if (plan.cache === undefined) return null
      return (readCached(await cacheKey(base, candidate), plan.cache.options).value as Remembered | undefined) ?? null
    },
    async remember(base, candidate, what) {
      if (plan.cache !== undefined) writeCached(await cacheKey(base, candidate), what, plan.cache.options)
    },
  }
}

function optionsKey(options: EngineOptions): string {
  const entries = Object.entries(options.configEntries).sort(([a], [b]) => a.localeCompare(b))
  return JSON.stringify({ ...options, configEntries: entries })
}

function hashOfFeeds(samples: readonly Feeds[]): string {
  const hash = createHash('sha256')
  for (const sample of samples) {
    for (const [name, { dtype, shape, data }] of Object.entries(sample)) {
      hash.update(`${name} ${dtype} ${shape.join('x')}`)
      if (ArrayBuffer.isView(data)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      else hash.update(JSON.stringify(data))
    }
  }
  return hash.digest('hex')
}
