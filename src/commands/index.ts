// The products' verbs: what the command line and the library are made of. Where one product asks another something, it is handed in here.
import { parseObjective } from '../load/objective.ts'
import { type Fixed, fix as fixModel } from './fix/fix.ts'
import type { FixOptions } from './fix/options.ts'
import { chooseServer } from './load/server-setups/choose.ts'

export { type AbOptions, ab } from './ab/ab.ts'
export { type CheckOptions, check } from './check.ts'
export { compare } from './compare/compare.ts'
export type { CompareOptions } from './compare/options.ts'
export { type ConvertOptions, convert } from './convert.ts'
export { type DistillOptions, distill } from './distill.ts'
export { listEngines } from './engines.ts'
export { explain } from './explain.ts'
export { explainGap, type GapOptions } from './explain-gap/explain-gap.ts'
export { type AgentOptions, agent } from './fleet/agent-command.ts'
export { fleetByQueue, type QueueOptions } from './fleet/fleet-command.ts'
export { estimateOnMachine as foretell, type ForetellOptions } from './foretell/foretell.ts'
export { appendHistory, checkHistory, entriesOf, entryOf, readHistory, readStore } from './history/history.ts'
export { type LintOptions, lint } from './lint.ts'
export { load } from './load/load.ts'
export type { LoadOptions } from './load/options.ts'
export { describeMachine } from './machine.ts'
export type { StageProgress, WhyOptions } from './options.ts'
export type { PipelineOptions } from './pipeline/options.ts'
export { pipeline } from './pipeline/pipeline.ts'
export { type QuantizeOptions, quantize } from './quantize.ts'
export { type QuantizeLiteOptions, quantizeLite } from './quantize-lite.ts'
export { inTemporaryFolder } from './run.ts'
export { type ServeOptions, serve } from './serve/serve.ts'
export { type FleetOptions, fleet } from './study/fleet.ts'
export { type StudyOptions, study } from './study/study-command.ts'
export { tableParquet } from './table-parquet.ts'
export { why } from './why.ts'
export type { Fixed, FixOptions }

/** As `fix` of the model product does, with a server chosen for an objective under load. */
export const fix = (file: string, options: Partial<FixOptions> = {}): Promise<Fixed> =>
  fixModel(file, { serving: { checkObjective: parseObjective, chooseServer }, ...options })
