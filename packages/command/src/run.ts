// A model opened by a command: read, its engine started, its inputs found.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { withWeightStatistics } from '@whyslow/graph/weight-statistics.ts'
import { type ChosenInputs, chooseInputs } from '@whyslow/measure/choose-inputs.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engineById } from '@whyslow/measure/engines/index.ts'
import type { Availability, EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { type Limits, SOFTWARE_GPU_CAP_MS } from '@whyslow/measure/trials/limits.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import { checkConfig } from './config-entries.ts'
import { checkEngine, engineOptionsOf, placesOf } from './engine-options.ts'
import { limitsOf, machineOf } from './limits.ts'
import { modelForEngine } from './model-files/model-for-engine.ts'
import { openModel } from './open-model.ts'
import type { WhyOptions } from './options.ts'
import type { StageProgress } from './progress.ts'
import { inTemporaryFolder } from './temporary-folder.ts'

/** Weights below this cannot hold enough subnormal numbers to matter, above it reading them takes seconds. */
const STATISTICS_FROM_BYTES = 256
const STATISTICS_UP_TO_BYTES = 1e9

export type AvailableEngine = Extract<Availability, { ok: true }>

export interface Run {
  readonly trials: TrialRunner
  readonly model: Model
  /** The graph without weights, with their statistics. */
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
 * Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted.
 */
export async function withRun<T>(file: string, options: WhyOptions, use: (run: Run) => Promise<T>): Promise<T> {
  checkEngine(options.engine)
  // The engine starts while the model is read.
  const starting = describeEngine(options.trials.run, options.engine, placesOf(options), options.signal)
  starting.catch(() => {})
  const model = await openModel(file, options)
  return inTemporaryFolder(async (folder) => use(await openRun(model, options, await starting, folder)))
}

/** Opens a run. Only `withRun` and tests call it. */
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
