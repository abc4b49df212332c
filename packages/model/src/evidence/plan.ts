// What gathering is told: the model, its inputs, the engine, and how long.

import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { ChosenInputs } from '@whyslow/measure/choose-inputs.ts'
import type { DeviceKind, EngineOffer, EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import type { Limits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'

/** An installed engine, and what it opens. */
export interface BesideEngine {
  readonly id: string
  readonly device: string
  readonly modelFile: string
  /** Entries in addition to those of the engine in use. */
  readonly configEntries: Readonly<Record<string, string>>
}

export interface GatherPlan {
  readonly run: RunTrial
  readonly model: Model
  readonly graph: GraphView
  readonly inputs: ChosenInputs
  readonly machine: Machine
  readonly engineId: string
  /** Other engines to compare with it; absent: none. */
  readonly beside?: readonly BesideEngine[]
  readonly engineOptions: EngineOptions
  readonly offers: readonly EngineOffer[]
  readonly deviceKind: DeviceKind
  readonly options: { readonly quick: boolean; readonly seconds: number | null; readonly batch: number | null }
  readonly folder: string
  readonly limits: Limits
  /** Reads the graph that the engine wrote as it runs it. */
  readonly readExecuted: (file: string) => Promise<GraphView>
  readonly progress: (progress: { stage: string; done: number; of: number }) => void
}

/** A plan with the task that predicts as the model was given: what varies it changes that. */
export interface VariedPlan extends GatherPlan {
  readonly task: ModelTask
}
