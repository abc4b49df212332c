// What choosing precisions stands on: the engine, its inputs, where files go, and how outputs compare.

import type { Model } from '@whyslow/graph/model.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import type { CacheKey, CacheOptions } from '@whyslow/measure/trials/cache.ts'
import type { Limits } from '@whyslow/measure/trials/limits.ts'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'
import type { Int8Form } from '../../remedies/kit/remedy.ts'

export interface PrecisionBench {
  readonly run: RunTrial
  readonly engineId: string
  readonly options: EngineOptions
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  /** Samples on which outputs are compared and ranges found. */
  readonly samples: readonly Feeds[]
  readonly p50Ms: number
  readonly cache?: { readonly options: CacheOptions; readonly key: Omit<CacheKey, 'kind' | 'subject'> } | undefined
  /** Writes the model and its weights into a new folder. */
  readonly write: (model: Model, folder: string) => Promise<{ readonly file: string; readonly sizeBytes: number }>
  /** A writer of variants of a model, which share their weights in the new folder; gives their paths. */
  readonly writeVariants: (base: Model, folder: string) => (variant: Model, name: string) => Promise<string>
  /** The same for a model that is bytes already; returns its path. */
  readonly writeBytes: (bytes: Uint8Array, name: string) => string
  /** A name that was not given before. */
  readonly nextName: (hint: string) => string
  /** Outputs against the original's, by the loss that is allowed. */
  readonly compare: (model: Model) => Promise<OutputCheck>
  /** Whether what runs models in this form can hold this one in float; absent: nothing is known. */
  readonly canHold?: (model: Model, form: Int8Form) => boolean
  readonly nowMs: () => number
  readonly onStep: (step: string) => void
}
