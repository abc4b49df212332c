// whyslow reads a model, measures its predictions on an engine, works out what each operator costs on this machine, says why it is
// slow, and reports.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { EngineFacts, Evidence } from './analyze/evidence.ts'
import { assembleReport } from './assemble.ts'
import { engines } from './engines/index.ts'
import type { EngineOptions } from './engines/types.ts'
import { readModel, readOnnx } from './formats/index.ts'
import { modelFacts } from './graph/facts.ts'
import { InputError } from './graph/input-error.ts'
import type { Model } from './graph/model.ts'
import { viewGraph } from './graph/view.ts'
import { withWeightStatistics } from './graph/weight-statistics.ts'
import { readMachine } from './machine/index.ts'
import { chooseInputs, inputFacts } from './measure/choose-inputs.ts'
import { describeEngine } from './measure/describe-engine.ts'
import { type Gathered, gather } from './measure/gather.ts'
import { withMachineLock } from './measure/lock.ts'
import { measuredRoofs } from './measure/measured-roofs.ts'
import type { Limits } from './measure/plan.ts'
import type { ReportDocument } from './report/document.ts'
import type { MachineDescription } from './report/machine-text.ts'
import { toolVersion } from './version.ts'

export interface StageProgress {
  readonly stage: string
  readonly done: number
  readonly of: number
}

export interface WhyOptions {
  /** Shapes by input name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Values by input name, as on the command line: '16000' or '1,2,3'. */
  readonly values: ReadonlyMap<string, string>
  /** A file or folder with inputs: npz, npy, csv, json, ONNX test data. null: synthetic inputs. */
  readonly data: string | null
  readonly labels: string | null
  readonly batch: number | null
  /** null leaves it to the engine. */
  readonly threads: number | null
  readonly engine: string
  /** Sampling time of the latency over all processes, seconds; null: 4, or 1.5 with `quick`. */
  readonly seconds: number | null
  /** Three processes in place of five, no sweeps and no experiments. */
  readonly quick: boolean
  /** Folder the engine's package is taken from; null: the current folder's, else the one beside whyslow. */
  readonly ort: string | null
  readonly graphOptimization: EngineOptions['graphOptimization']
  readonly configEntries: Readonly<Record<string, string>>
  /** Folder where the inputs used are kept; null: they are not. */
  readonly saveInputs: string | null
  readonly cache: 'use' | 'refresh' | 'off'
  /** Resident size at which a trial is ended, bytes; null: nine tenths of the machine's or the container's. */
  readonly memoryLimitBytes: number | null
  readonly onProgress?: (progress: StageProgress) => void
  readonly signal?: AbortSignal
}

const DEFAULTS: WhyOptions = {
  shapes: new Map(),
  values: new Map(),
  data: null,
  labels: null,
  batch: null,
  threads: null,
  engine: 'ort-cpu',
  seconds: null,
  quick: false,
  ort: null,
  graphOptimization: 'all',
  configEntries: {},
  saveInputs: null,
  cache: 'use',
  memoryLimitBytes: null,
}

/** Share of the memory a trial may take: above it the system starts to page or to kill. */
const MEMORY_SHARE = 0.9
/** Weights below this cannot hold enough subnormal numbers to matter, above it reading them takes seconds. */
const STATISTICS_FROM_BYTES = 256
const STATISTICS_UP_TO_BYTES = 1e9

/**
 * Measures one prediction of the model in `file` and says why it is slow.
 * Throws InputError where the model, its inputs or the options cannot be used, and the signal's reason where it is aborted.
 */
export async function why(
  file: string,
  given: Partial<WhyOptions> = {},
): Promise<{ report: ReportDocument; evidence: Evidence }> {
  const options = { ...DEFAULTS, ...given }
  checkEngine(options.engine)
  const model = await readModel(file)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-'))
  const removeFolder = () => fs.rmSync(folder, { recursive: true, force: true })
  process.on('exit', removeFolder)
  try {
    const evidence = await measureModel(model, options, folder)
    return { evidence, report: assembleReport(evidence, file) }
  } finally {
    process.off('exit', removeFolder)
    removeFolder()
  }
}

async function measureModel(model: Model, options: WhyOptions, folder: string): Promise<Evidence> {
  const { signal } = options
  const engineOptions = engineOptionsOf(options)
  const engine = await describeEngine(options.engine, engineOptions.packageFrom, signal)
  if (!engine.ok) throw new InputError(`engine ${options.engine} cannot be used: ${engine.reason}; ${engine.fix}`)
  const machine = readMachine(engine.accelerators)
  const limits: Limits = {
    memoryBytes: options.memoryLimitBytes ?? (machine.memoryLimitBytes ?? machine.memoryBytes) * MEMORY_SHARE,
    signal,
  }
  const plainGraph = viewGraph(model)
  const inputs = await chooseInputs(model, plainGraph, { ...options, engineOptions, folder, limits })
  const weigh = model.source.sizeBytes <= STATISTICS_UP_TO_BYTES
  const graph = weigh ? withWeightStatistics(model, plainGraph, STATISTICS_FROM_BYTES) : plainGraph
  const warnings: string[] = [...inputs.warnings]

  const progress = options.onProgress ?? (() => {})
  const measured = await withMachineLock(
    async () => {
      const roofs = await measuredRoofs({
        machine,
        engine,
        engineId: options.engine,
        options: engineOptions,
        cache: options.cache,
        limits,
        progress,
      })
      warnings.push(...roofs.warnings)
      const gathered = await gather({
        model,
        graph,
        inputs,
        machine,
        engineId: options.engine,
        engineOptions,
        options,
        folder,
        limits,
        readExecuted,
        progress,
      })
      return { roofs, gathered }
    },
    {
      onWait: ({ pid }) =>
        progress({ stage: `waiting for another measurement on this machine (process ${pid})`, done: 0, of: 1 }),
      onUnlocked: (reason) => warnings.push(`measured without the machine's lock: ${reason}`),
    },
  )
  return toEvidence(
    model,
    graph,
    inputs,
    machine,
    engineFacts(options, engine, engineOptions, inputs.threadsInUse),
    measured,
    warnings,
  )
}

const readExecuted = async (file: string) => viewGraph(await readOnnx(file))

function toEvidence(
  model: Model,
  graph: Evidence['graph'] & object,
  inputs: Awaited<ReturnType<typeof chooseInputs>>,
  machine: Evidence['machine'],
  engine: EngineFacts,
  { roofs, gathered }: { roofs: Awaited<ReturnType<typeof measuredRoofs>>; gathered: Gathered },
  warnings: readonly string[],
): Evidence {
  return {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: new Date().toISOString(),
    machine,
    ...(roofs.value ? { roofs: roofs.value } : {}),
    model: modelFacts(model),
    graph,
    inputs: inputFacts(inputs),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? 'not a tensor', shape: type?.shape ?? null })),
    engine,
    ...gathered.evidence,
    absent: { ...(roofs.absent ? { roofs: roofs.absent } : {}), ...gathered.absent },
    warnings: [...warnings, ...gathered.warnings],
  }
}

function engineFacts(
  options: WhyOptions,
  engine: { readonly version: string; readonly device: string; readonly from: string },
  engineOptions: EngineOptions,
  threadsInUse: number,
): EngineFacts {
  return {
    id: options.engine,
    version: engine.version,
    device: engine.device,
    from: engine.from,
    options: engineOptions,
    threadsInUse,
  }
}

function engineOptionsOf({ threads, graphOptimization, configEntries, ort }: WhyOptions): EngineOptions {
  return { threads, graphOptimization, executionMode: 'sequential', configEntries, packageFrom: ort }
}

function checkEngine(id: string): void {
  if (engines.some((engine) => engine.id === id)) return
  throw new InputError(`--engine ${id}: no such engine; give one of: ${engines.map((engine) => engine.id).join(', ')}`)
}

/** Diagnoses again from saved measurements. Needs no engine and no model; measures nothing. */
export function explain(evidence: Evidence): ReportDocument {
  return assembleReport(evidence)
}

/** Facts and measured roofs of this computer. */
export async function describeMachine(
  given: Partial<Pick<WhyOptions, 'threads' | 'engine' | 'ort' | 'cache' | 'onProgress' | 'signal'>> = {},
): Promise<MachineDescription> {
  const options = { ...DEFAULTS, ...given }
  checkEngine(options.engine)
  const engineOptions = engineOptionsOf(options)
  const engine = await describeEngine(options.engine, options.ort, options.signal)
  const machine = readMachine(engine.ok ? engine.accelerators : [])
  const warnings: string[] = []
  const limits: Limits = { memoryBytes: machine.memoryBytes * MEMORY_SHARE, signal: options.signal }
  const roofs = engine.ok
    ? await withMachineLock(
        () =>
          measuredRoofs({
            machine,
            engine,
            engineId: options.engine,
            options: engineOptions,
            cache: options.cache,
            limits,
            progress: options.onProgress ?? (() => {}),
          }),
        { onWait: () => {}, onUnlocked: (reason) => warnings.push(reason) },
      )
    : { value: undefined, absent: `${engine.reason}; ${engine.fix}`, warnings: [] }
  const evidence: Evidence = {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: new Date().toISOString(),
    machine,
    ...(roofs.value ? { roofs: roofs.value } : {}),
    ...(engine.ok ? { engine: engineFacts(options, engine, engineOptions, roofs.value?.threads ?? machine.usableCpus) } : {}),
    absent: {},
    warnings: [],
  }
  const report = assembleReport(evidence)
  return {
    ...report.machine,
    engine: report.engine,
    warnings: [...warnings, ...roofs.warnings, ...(roofs.absent ? [`no roofs: ${roofs.absent}`] : [])],
  }
}
