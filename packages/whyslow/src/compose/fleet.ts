// Commands that take from two products, each handed what it needs of the other.

import { type EstimateOptions, estimateOnMachine } from '@whyslow/fleet/estimate/estimate-on-machine.ts'
import { type FleetOptions, fleet as measureFleet } from '@whyslow/fleet/fleet.ts'
import { type AgentOptions, agent as serveQueue } from '@whyslow/fleet/queue/agent-command.ts'
import { isStore, readEachStored, storeName } from '@whyslow/fleet/store/store.ts'
import { type CheckOptions, check as checkModel } from '@whyslow/model/commands/check.ts'
import { why } from '@whyslow/model/commands/why.ts'
import type { CheckDocument } from '@whyslow/report/documents/check.ts'
import type { EstimateDocument } from '@whyslow/report/documents/foretold.ts'
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { whyTask } from './why-task.ts'

/** As `check`, against a store, too. */
export const check = (file: string, given: Partial<CheckOptions> = {}): Promise<CheckDocument> =>
  checkModel(file, given, { isStore, storeName, eachStored: readEachStored })

/** `why` of every model on every engine and batch. */
export const fleet = (files: readonly string[], given: Partial<FleetOptions> = {}): Promise<StudyDocument> =>
  measureFleet(files, given, { why })

/** `why` here, and what it says of a machine that is only described. */
export const estimate = (
  file: string,
  given: Partial<EstimateOptions> & Pick<EstimateOptions, 'machine' | 'known'>,
): Promise<EstimateDocument> => estimateOnMachine(file, given, { why })

/** `why` of what a queue holds. */
export const agent = (given: AgentOptions): Promise<void> => serveQueue(given, whyTask)
