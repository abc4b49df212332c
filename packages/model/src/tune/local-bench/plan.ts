// What the bench of this machine is told.

import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import type { AllowedLoss, CompareOptions } from '@whyslow/measure/outputs/index.ts'
import type { SummedCpus } from '@whyslow/measure/timing/disturbance.ts'
import type { CacheKey, CacheOptions } from '@whyslow/measure/trials/cache.ts'
import type { Limits } from '@whyslow/measure/trials/limits.ts'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'
import type { JudgedInputs } from '../../evidence/judged-inputs.ts'
import type { OtherSize } from '../../evidence/other-sizes.ts'
import type { Goal, RemedyInput, RemedySetup } from '../../remedies/kit/remedy.ts'

export interface LocalBenchPlan {
  readonly run: RunTrial
  readonly goal: Goal
  readonly engineId: string
  readonly original: Model
  readonly originalOptions: EngineOptions
  /** Path of the inputs.json that is used. */
  readonly inputs: { readonly saved: string; readonly samples: readonly Feeds[]; readonly facts: readonly RemedyInput[] }
  /** The inputs that outputs are compared on, and ranges found on, while searching. */
  readonly judged: JudgedInputs
  /** The inputs that the last proof compares outputs on; `judged` itself if there are no others. */
  readonly proof: JudgedInputs
  readonly compare: Pick<CompareOptions, 'metric' | 'graph'>
  /** Both kinds of inputs are made up. Absent: they are the user's. */
  readonly madeUp?: boolean
  /** The only outputs that are requested; null: all of them. */
  readonly outputs: readonly string[] | null
  readonly maxLoss: AllowedLoss | null
  /** Threads of the engine's pool where the options leave it to the engine. */
  readonly threadsInUse: number
  readonly cpus: SummedCpus
  readonly p50Ms: number
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  /**
   * Writes the model and its weights into a new folder, as ONNX or in the format that is named, and returns the model's path and all bytes.
   * Rejects with InputError if it cannot be written.
   */
  readonly write: (model: Model, folder: string, format?: string) => Promise<ModelFile>
  /** Writes the folder that a setup would be shipped in, for the last proof; null: it cannot be tried. Absent: no folder is shipped. */
  readonly ship?: ((setup: RemedySetup, folder: string) => Promise<ShippedFolder | null>) | undefined
  /** Cache of judgements; absent: nothing is kept or recalled. */
  readonly cache?: { readonly options: CacheOptions; readonly key: Omit<CacheKey, 'kind' | 'subject'> } | undefined
  /** Inputs of other sizes, at which the last proof asks for no loss; absent: none. */
  readonly otherSizes?: readonly OtherSize[] | undefined
  readonly readExecuted: (file: string) => Promise<GraphView>
  readonly readModel: (file: string) => Promise<Model>
}

export interface ModelFile {
  readonly file: string
  readonly sizeBytes: number
}
