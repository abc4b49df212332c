// Setups as trials take them: each model in a file that is written once, however many setups share it, and the inputs joined to batches.
import fs from 'node:fs'
import path from 'node:path'
import type { Cut } from '@whyslow/graph/cut.ts'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { joinSamples } from '@whyslow/measure/samples/batches.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import { batchAxes } from '../../remedies/kit/batch-axes.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import { modelFiles } from './model-files.ts'
import type { LocalBenchPlan, ModelFile } from './plan.ts'

export interface SetupTasks {
  /** Two setups with the same key predict in the same way. */
  keyOf(setup: RemedySetup): string
  /** Rejects with InputError if the model cannot be written in the format of its engine. */
  taskOf(setup: RemedySetup): Promise<ModelTask>
  /** The same through the folder that it would be shipped in, where the plan writes one. */
  shippedTaskOf(setup: RemedySetup): Promise<ModelTask>
  /** As ONNX. */
  fileOf(model: Model): Promise<ModelFile>
  /** NaN for a model that was not written. */
  sizeBytes(setup: RemedySetup): number
  /** A path in the bench's folder that was not given before. */
  newPath(hint: string): string
  /** A file for a model, in a folder of its own, because the weights of each get the same name. */
  newFile(hint: string): string
}

export function setupTasks(
  plan: Pick<LocalBenchPlan, 'engineId' | 'original' | 'inputs' | 'folder' | 'write' | 'ship'>,
): SetupTasks {
  const { proto, source } = plan.original
  // By what holds the weights: a model that nobody can come back to is not kept for its number.
  const ids = new WeakMap<object, number>()
  const batches = new Map<number, string>()
  const folders = new Map<string, Promise<ShippedFolder | null>>()
  let models = 0
  let paths = 0

  function idOf(model: Model): number {
    if (!ids.has(model.proto)) ids.set(model.proto, models++)
    return ids.get(model.proto)!
  }

  const files = modelFiles(plan, idOf)

  function inputsOf(factor: number): string {
    if (factor === 1) return plan.inputs.saved
    if (!batches.has(factor)) {
      const joined = joinSamples(plan.inputs.samples, batchAxes(plan.inputs.facts)!, factor)
      batches.set(factor, saveInputs(path.join(plan.folder, `batch-${factor}`), joined))
    }
    return batches.get(factor)!
  }

  const newPath = (hint: string) => path.join(plan.folder, `${hint}-${paths++}`)

  const keyOf: SetupTasks['keyOf'] = ({ model, batchFactor, ...rest }) => `${idOf(model)} ${batchFactor} ${runsKey(rest)}`

  const formatOf = ({ model, engine }: RemedySetup): string | undefined =>
    engine?.opens === 'source' && model.proto === proto ? source.format : engine?.format

  const plainTaskOf: SetupTasks['taskOf'] = async (setup) => {
    const { model, options, batchFactor, engine } = setup
    return {
      engine: engine === undefined || engine.cut !== undefined ? plan.engineId : engine.id,
      modelFile: (await files.fileOf(model, formatOf(setup))).file,
      options,
      inputs: inputsOf(batchFactor),
    }
  }

  const shippedTaskOf: SetupTasks['shippedTaskOf'] = async (setup) => {
    const task = await plainTaskOf(setup)
    const key = keyOf({ ...setup, batchFactor: 1 })
    if (!folders.has(key)) folders.set(key, plan.ship?.(setup, newPath('shipped')) ?? Promise.resolve(null))
    const shipped = await folders.get(key)!
    return shipped === null ? task : { ...task, shipped }
  }

  return {
    keyOf,
    // Of two parts only the folder makes one model again.
    taskOf: (setup) => (setup.engine?.cut === undefined ? plainTaskOf(setup) : shippedTaskOf(setup)),
    shippedTaskOf,
    fileOf: (model) => files.fileOf(model),
    sizeBytes: (setup) => files.sizeBytes(setup.model, formatOf(setup)),
    newPath,
    newFile(hint) {
      const folder = newPath(hint)
      fs.mkdirSync(folder)
      return path.join(folder, 'model.onnx')
    },
  }
}

/** A model that cannot be written for its engine, whatever the reason, is a trial that failed: others go on. Throws only if `signal` is aborted. */
export async function madeTask(task: Promise<ModelTask>, signal: AbortSignal | undefined): Promise<Trial<ModelTask>> {
  try {
    return { outcome: 'measured', value: await task }
  } catch (error) {
    signal?.throwIfAborted()
    const reason = firstLineOf(error)
    return { outcome: 'failed', reason: error instanceof InputError ? reason : `its files could not be made: ${reason}` }
  }
}

/** Key of what runs a model: another engine if one is named, and the options. */
export const runsKey = ({ engine, options }: Pick<RemedySetup, 'engine' | 'options'>): string =>
  `${engine === undefined ? '' : `${engine.id} ${engine.version} ${cutKey(engine.cut)}`}${optionsKey(options)}`

const cutKey = (cut: Cut | undefined): string =>
  cut === undefined ? '' : `${JSON.stringify([cut.head ?? null, cut.tail ?? null])} `

/** Equal for equal options, in whatever order their entries stand. */
function optionsKey(options: EngineOptions): string {
  const entries = Object.entries(options.configEntries).sort(([a], [b]) => a.localeCompare(b))
  return JSON.stringify({ ...options, configEntries: entries })
}
