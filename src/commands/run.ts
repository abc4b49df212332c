// One run of a command on one model: opened (read, engine started, inputs found), and measured.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { engineById, engines, offersOf, traitsOf } from '../engines/index.ts'
import type { Availability, EngineOptions, EnginePlaces } from '../engines/types.ts'
import type { EngineFacts, Evidence } from '../evidence/evidence.ts'
import { gather } from '../evidence/gather.ts'
import { readModel, readOnnx } from '../formats/index.ts'
import { modelFacts } from '../graph/facts.ts'
import { InputError } from '../graph/input-error.ts'
import type { Model } from '../graph/model.ts'
import type { GraphView } from '../graph/types.ts'
import { viewGraph } from '../graph/view.ts'
import { withWeightStatistics } from '../graph/weight-statistics.ts'
import { makeTemporaryFolder } from '../machine/files.ts'
import { homeFolder } from '../machine/folders.ts'
import { readMachine } from '../machine/index.ts'
import type { Machine } from '../machine/types.ts'
import { type ChosenInputs, chooseInputs, inputFacts } from '../measure/choose-inputs.ts'
import { describeEngine } from '../measure/describe-engine.ts'
import { measuredRoofs } from '../measure/timing/roofs/measured.ts'
import { type Limits, SOFTWARE_GPU_CAP_MS } from '../trials/limits.ts'
import { waitingWords } from '../trials/lock.ts'
import type { TrialRunner } from '../trials/port.ts'
import { pairEngines } from './beside.ts'
import { checkConfig } from './config-entries.ts'
import { firstTreesOf } from './first-trees.ts'
import { entriesForModel, modelForEngine } from './model-for-engine.ts'
import { flagsOf, PLACES, type PlaceOptions, type StageProgress, type WhyOptions } from './options.ts'
import { toolVersion } from './version.ts'

/** Share of the memory a trial may take: above it the system starts to page or to kill. */
const MEMORY_SHARE = 0.9
/** Weights below this cannot hold enough subnormal numbers to matter, above it reading them takes seconds. */
const STATISTICS_FROM_BYTES = 256
const STATISTICS_UP_TO_BYTES = 1e9

const MEASURED_BY_COMPARE = 'other engines are measured by whyslow compare'

export type AvailableEngine = Extract<Availability, { ok: true }>

export interface Run {
  readonly trials: TrialRunner
  readonly model: Model
  /** Without weights, with their statistics. */
  readonly graph: GraphView
  readonly engine: AvailableEngine
  readonly engineOptions: EngineOptions
  readonly machine: Machine
  readonly limits: Limits
  readonly inputs: ChosenInputs
  /** Temporary; gone when the run ends. */
  readonly folder: string
  readonly progress: (progress: StageProgress) => void
}

/**
 * Opens the model in `file` and hands it on; nothing of it is left behind.
 * Throws InputError where the model, its inputs or the options cannot be used, and the signal's reason where it is aborted.
 */
export async function withRun<T>(file: string, options: WhyOptions, use: (run: Run) => Promise<T>): Promise<T> {
  checkEngine(options.engine)
  // The engine starts while the model is read.
  const starting = describeEngine(options.trials.run, options.engine, placesOf(options), options.signal)
  starting.catch(() => {})
  const model = await readModel(file, options)
  return inTemporaryFolder(async (folder) => use(await openRun(model, options, await starting, folder)))
}

/** Gone when `use` ends, and when the process does. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder()
  const removeFolder = () => fs.rmSync(folder, { recursive: true, force: true })
  process.on('exit', removeFolder)
  try {
    return await use(folder)
  } finally {
    process.off('exit', removeFolder)
    removeFolder()
  }
}

/** To be called by `withRun` alone, and by tests. */
export async function openRun(read: Model, options: WhyOptions, engine: Availability, folder: string): Promise<Run> {
  if (!engine.ok) throw new InputError(`engine ${options.engine} cannot be used: ${engine.reason}; ${engine.fix}`)
  checkConfig(options.configEntries, options.engine, engine)
  const model = await modelForEngine(read, options.engine, folder)
  const engineOptions = engineOptionsOf(options, { model, engineId: options.engine })
  const machine = machineOf(options.trials, engine.accelerators)
  const software = engine.deviceKind === 'software-gpu'
  const startMs = engineById(options.engine)!.startMs ?? 0
  const limits = { ...limitsOf(machine, options), startMs, ...(software ? { capMs: SOFTWARE_GPU_CAP_MS } : {}) }
  const plainGraph = viewGraph(model)
  const inputs = await chooseInputs(model, plainGraph, { ...options, run: options.trials.run, engineOptions, folder, limits })
  const weigh = model.source.sizeBytes <= STATISTICS_UP_TO_BYTES
  const graph = weigh ? withWeightStatistics(model, plainGraph, STATISTICS_FROM_BYTES) : plainGraph
  const { trials, onProgress: progress = () => {} } = options
  return { trials, model, graph, engine, engineOptions, machine, limits, inputs, folder, progress }
}

/** Where these trials run. */
export const machineOf = (
  { machine = readMachine }: Pick<TrialRunner, 'machine'>,
  accelerators: readonly string[] = [],
): Machine => machine(accelerators)

export const limitsOf = (
  machine: Machine,
  { memoryLimitBytes, signal }: Pick<WhyOptions, 'memoryLimitBytes' | 'signal'>,
): Limits => ({
  memoryBytes: memoryLimitBytes ?? (machine.memoryLimitBytes ?? machine.memoryBytes) * MEMORY_SHARE,
  signal,
})

/** Alone on the machine, as far as other runs of whyslow go. A warning goes to `warnings` if there is no lock to be had. */
export function withMachineLock<T>(
  { trials, progress }: { readonly trials: Pick<TrialRunner, 'alone'>; readonly progress: Run['progress'] },
  work: () => Promise<T>,
  warnings: string[],
): Promise<T> {
  return trials.alone(work, {
    onWait: (holder) => progress({ stage: waitingWords(holder), done: 0, of: 1, isNotice: true }),
    onUnlocked: (reason) => warnings.push(`measured without the machine's lock: ${reason}`),
  })
}

/** The machine's roofs with this engine, from the cache where they are there. To be called within `alone`. */
export const roofsFor = (
  run: Pick<Run, 'trials' | 'machine' | 'engine' | 'engineOptions' | 'limits' | 'progress'>,
  { engine: engineId, cache }: Pick<WhyOptions, 'engine' | 'cache'>,
): ReturnType<typeof measuredRoofs> => {
  const { trials, machine, engine, engineOptions, limits, progress } = run
  if (!offersOf(engineId).includes('roofs')) {
    const measured = engines.find(({ offers }) => offers.includes('roofs'))!.id
    const absent = `roofs are measured with the kernels of ${measured}, and ${engineId} has its own`
    return Promise.resolve({ value: undefined, absent, warnings: [] })
  }
  return measuredRoofs({ run: trials.run, machine, engine, engineId, options: engineOptions, cache, limits, progress })
}

export interface MeasuredRun {
  readonly evidence: Evidence
  /** Left for operators alone, ms. */
  readonly experimentsMs: number
}

/** Roofs, latency, profile and what else the options ask for. To be called within `alone`. */
export async function measureRun(run: Run, options: WhyOptions): Promise<MeasuredRun> {
  const { trials, model, graph, engine, engineOptions, machine, limits, inputs, folder, progress } = run
  const roofs = await roofsFor(run, options)
  const describe = (id: string) => describeEngine(trials.run, id, placesOf(options), options.signal)
  const beside = await pairEngines(model, { engineId: options.engine, folder, quick: options.quick, describe })
  const gathered = await gather({
    run: trials.run,
    model,
    graph,
    inputs,
    machine,
    engineId: options.engine,
    beside: beside.engines,
    engineOptions,
    offers: offersOf(options.engine),
    deviceKind: engine.deviceKind,
    options,
    folder,
    limits,
    readExecuted,
    progress,
  })
  const trees = firstTreesOf(run, options)
  const evidence: Evidence = {
    schema: 'whyslow-evidence/1',
    toolVersion,
    createdAt: new Date().toISOString(),
    given: flagsOf(options),
    machine,
    ...(roofs.value ? { roofs: roofs.value } : {}),
    model: modelFacts(model),
    graph,
    inputs: inputFacts(inputs),
    outputs: inputs.outputs.map(({ name, type }) => ({ name, dtype: type?.dtype ?? 'not a tensor', shape: type?.shape ?? null })),
    engine: engineFacts(options.engine, engine, engineOptions, inputs.threadsInUse),
    ...gathered.evidence,
    ...('firstTrees' in trees ? trees : {}),
    absent: {
      ...('absent' in trees ? { firstTrees: trees.absent } : {}),
      ...(gathered.evidence.otherEngines ? {} : { otherEngines: MEASURED_BY_COMPARE }),
      ...(roofs.absent ? { roofs: roofs.absent } : {}),
      ...gathered.absent,
    },
    warnings: [
      ...(model.notes ?? []),
      ...(engine.passedOver === undefined ? [] : [engine.passedOver]),
      ...(beside.says === null ? [] : [beside.says]),
      ...inputs.warnings,
      ...roofs.warnings,
      ...gathered.warnings,
    ],
  }
  return { evidence, experimentsMs: gathered.experimentsMs }
}

/** A graph that the engine wrote as it runs it. */
export const readExecuted = async (file: string): Promise<GraphView> => viewGraph(await readOnnx(file))

export function engineFacts(
  id: string,
  { version, device, deviceKind, from }: AvailableEngine,
  options: EngineOptions,
  threadsInUse: number,
): EngineFacts {
  return { id, version, device, deviceKind, from: shownPlace(from), ...traitsOf(id), options, threadsInUse }
}

function temporaryFolder(): string {
  try {
    return makeTemporaryFolder('whyslow-')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new InputError(
      `${os.tmpdir()}: temporary files cannot be made there (${code ?? message}); set TMPDIR to another folder`,
    )
  }
}

/** A path as it is typed from here; documents are shared, and need not name the user. */
export function shownPlace(place: string): string {
  if (!path.isAbsolute(place)) return place
  const below = (folder: string) => {
    const way = path.relative(folder, place)
    return way !== '' && !way.startsWith('..') && !path.isAbsolute(way) ? way : null
  }
  const inHome = below(homeFolder())
  return below(process.cwd()) ?? (inHome === null ? place : path.join('~', inHome))
}

/** `given`: to the engine, where there is a model; the user's own entries are the last word. */
export const engineOptionsOf = (
  options: Pick<WhyOptions, 'threads' | 'graphOptimization' | 'configEntries'> & PlaceOptions,
  given?: { readonly model: Model; readonly engineId: string },
): EngineOptions => {
  const { threads, graphOptimization } = options
  const configEntries = { ...(given && entriesForModel(given.model, given.engineId)), ...options.configEntries }
  return { threads, graphOptimization, executionMode: 'sequential', configEntries, ...placesOf(options) }
}

export const placesOf = (options: PlaceOptions): EnginePlaces => ({
  packageFrom: options.ort,
  ...Object.fromEntries(PLACES.flatMap((place) => (place === 'ort' || options[place] === null ? [] : [[place, options[place]]]))),
})

/** Throws InputError where there is no such engine. */
export function checkEngine(id: string, flag = '--engine'): void {
  if (engines.some((engine) => engine.id === id)) return
  throw new InputError(`${flag} ${id}: no such engine; give one of: ${engines.map((engine) => engine.id).join(', ')}`)
}
