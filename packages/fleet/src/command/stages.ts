// What the commands on many models and machines call; those that measure a model are handed how elsewhere.

import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { EstimateDocument } from '@whyslow/report/documents/foretold.ts'
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import type { EstimateOptions } from '../estimate/estimate-on-machine.ts'
import type { FleetOptions } from '../fleet.ts'
import type { readHistory, readStore } from '../history/history.ts'
import type { AgentOptions } from '../queue/agent-command.ts'
import type { fleetByQueue } from '../queue/fleet-command.ts'
import type { study } from '../study/study-command.ts'
import type { tableParquet } from '../table-parquet.ts'

export interface Stages {
  readonly fleet: (files: readonly string[], options: Partial<FleetOptions>) => Promise<StudyDocument>
  readonly fleetByQueue: typeof fleetByQueue
  readonly agent: (options: AgentOptions) => Promise<void>
  readonly study: typeof study
  readonly estimate: (
    file: string,
    options: Partial<EstimateOptions> & Pick<EstimateOptions, 'machine' | 'known'>,
  ) => Promise<EstimateDocument>
  readonly readHistory: typeof readHistory
  readonly readStore: typeof readStore
  readonly tableParquet: typeof tableParquet
}

export type Surroundings = In<Stages>
