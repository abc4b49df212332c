// What `fix --slo` asks of who serves and measures under load: the serving product answers it, and whoever assembles the command hands
// the answer in, since no product knows another.
import type { WhyOptions } from '@whyslow/command/options.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { ReportServing } from '@whyslow/report/documents/report-fix.ts'
import type { Serving } from '../../ship/serving.ts'

/** How the CPUs are shared, and what that asks of the engine of each worker. */
export interface EngineShare {
  readonly workers: number
  /** null: the engine takes no number of them. */
  readonly threads: number | null
  readonly configEntries: Readonly<Record<string, string>>
}

export interface ServingRequest {
  /** 'p99<20ms' */
  readonly objective: string
  readonly cpus: number
  /** The engine of the folder takes a number of threads. */
  readonly takesThreads: boolean
  /** For the whole choice. */
  readonly seconds: number
  readonly inputs: Partial<Pick<WhyOptions, 'shapes' | 'values' | 'batch' | 'data' | 'labels' | 'pictures'>>
  /** The folder as it would be shipped so, with the variables that its process takes. Throws InputError if it cannot be made. */
  readonly folderFor: (share: EngineShare) => Promise<{
    readonly folder: string
    readonly env: Readonly<Record<string, string>>
  }>
  /** Keeps others that measure away. */
  readonly trials: Pick<TrialRunner, 'alone' | 'machine'>
  readonly onStage: (stage: string) => void
  /** What is about to be tried and how long that takes, before it begins. */
  readonly onPlan?: (sentence: string) => void
  readonly signal?: AbortSignal
}

export interface ServingAnswer {
  readonly report: ReportServing
  /** null: no set-up holds the objective. */
  readonly best: { readonly share: EngineShare; readonly serving: Serving } | null
}

export interface ServingPort {
  /** Throws InputError if the text is not an objective. */
  readonly checkObjective: (text: string) => void
  /** Call it within `TrialRunner.alone`. */
  readonly chooseServer: (request: ServingRequest) => Promise<ServingAnswer>
}
