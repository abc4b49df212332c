// What a worker of the server is told, asked, and answers.
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { EngineOptions, Feeds, InputDeclaration, Results } from '@whyslow/measure/engines/types.ts'

export interface WorkerTask {
  readonly engine: string
  readonly modelFile: string
  readonly options: EngineOptions
  /** Predicts through this folder's own code. */
  readonly shipped: ShippedFolder | null
}

export type WorkerOpening =
  | { readonly ok: true; readonly inputs: readonly InputDeclaration[]; readonly outputs: readonly InputDeclaration[] }
  | { readonly ok: false; readonly reason: string }

export interface WorkerRequest {
  readonly id: number
  /** Requests to predict together. */
  readonly requests: readonly Feeds[]
}

export interface WorkerAnswer {
  readonly id: number
  /** Start on the clock of `nowMs`. */
  readonly startedMs: number
  readonly endedMs: number
  /** Results of each request; null: see `error`. */
  readonly results: readonly Results[] | null
  /** The engine's words; null with null results: the results of joined requests cannot be split. */
  readonly error: string | null
}
