// What every task that opens a model needs.
import type { ShippedFolder } from '../engines/shipped-folder.ts'
import type { EngineOptions } from '../engines/types.ts'

/** What every task that opens a model needs. */
export interface ModelTask {
  readonly engine: string
  readonly modelFile: string
  readonly options: EngineOptions
  /** Path of an inputs.json. */
  readonly inputs: string
  /** The trial is ended after this long, ms: what repeats stops before. Absent: there is time for all of it. */
  readonly capMs?: number
  /** Predicts through this folder's own code, whatever engine, model and options the task names. */
  readonly shipped?: ShippedFolder
}

export const modelTask = (engine: string, modelFile: string, options: EngineOptions, inputs: string): ModelTask => ({
  engine,
  modelFile,
  options,
  inputs,
})
