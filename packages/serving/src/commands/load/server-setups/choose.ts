// The server of a folder that `fix` ships: which set-up holds an objective at the highest rate, and what that server refuses. `fix` is handed
// this, and makes the folders that are served.

import { nowMs } from '@whyslow/measure/machine/now.ts'
import { durationInWords, plural } from '@whyslow/measure/statistics/numbers.ts'
import { parseObjective } from '../../../load/objective.ts'
import { NO_SPINNING } from '../../../serve/server-defaults.ts'
import { load } from '../load.ts'
import type { LoadOptions } from '../options.ts'
import { lookAt } from '../rough-look.ts'
import { servingLimits } from './limits.ts'
import { searchServing, servingSetups } from './search.ts'
import type { ServingReport, ServingSetup } from './types.ts'

/** How the CPUs are shared, and what that asks of the engine of each worker. */
export interface EngineShare extends Pick<ServingSetup, 'workers' | 'threads'> {
  readonly configEntries: Readonly<Record<string, string>>
}

export interface ServedFolder {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

export interface ServerRequest extends Pick<LoadOptions, 'trials' | 'signal'> {
  /** 'p99<20ms' */
  readonly objective: string
  readonly cpus: number
  /** The engine of the folder takes a number of threads. */
  readonly takesThreads: boolean
  /** For the whole choice. */
  readonly seconds: number
  readonly inputs: Partial<Pick<LoadOptions, 'shapes' | 'values' | 'batch' | 'data' | 'labels' | 'pictures'>>
  /** The folder as it would be shipped so, with the variables that its process takes. Throws InputError if it cannot be made. */
  readonly folderFor: (share: EngineShare) => Promise<ServedFolder>
  readonly onStage: (stage: string) => void
  /** What is about to be tried and how long that takes, before it begins. */
  readonly onPlan?: (sentence: string) => void
}

/** `best` null: no set-up holds the objective. */
async function chooseServer(request: ServerRequest) {
  const { objective, inputs, trials, signal, seconds } = request
  let ceiling: LoadOptions['ceiling'] = null
  const asked = async (setup: ServingSetup) => {
    const { workers, maxBatch, batchDelayMs } = setup
    const { folder, env } = await request.folderFor(shareOf(setup))
    request.onStage(`serving with ${inWords(setup)}`)
    const others = { alternatives: false, trials, ceiling, env, ...(signal === undefined ? {} : { signal }) }
    return { folder, options: { ...inputs, workers, maxBatch, batchDelayMs, ...others } }
  }
  const setups = servingSetups(request.cpus, request.takesThreads)
  const endMs = nowMs() + 1000 * seconds
  request.onPlan?.(planText(setups.length, seconds))
  const report = await searchServing(objective, setups, {
    async look(setup, own, looking) {
      const { folder, options } = await asked(setup)
      const seen = await lookAt(folder, { ...options, ...own }, looking)
      ceiling = seen.ceiling
      return seen
    },
    async load(setup, own) {
      const { folder, options } = await asked(setup)
      return load(folder, { ...options, ...own })
    },
    leftSeconds: () => (endMs - nowMs()) / 1000,
  })
  return { report, best: bestOf(report) }
}

function bestOf(report: ServingReport) {
  if (report.best === null) return null
  const row = report.tried[report.best]!
  const { workers, maxBatch, fewRows, batchDelayMs } = row
  const few = fewRows === undefined ? {} : { fewRows }
  const delay = batchDelayMs === undefined ? {} : { batchDelayMs }
  return { share: shareOf(row), serving: { workers, maxBatch, ...few, ...delay, ...servingLimits(report) } }
}

const shareOf = ({ workers, threads }: Pick<ServingSetup, 'workers' | 'threads'>): EngineShare => ({
  workers,
  threads,
  configEntries: workers > 1 ? NO_SPINNING : {},
})

const planText = (setups: number, seconds: number): string =>
  `Then a server: ${setups} set-ups are looked at, and the best is confirmed in five runs, in about ${durationInWords(seconds)} (--budget).`

const inWords = ({ workers, threads, maxBatch, batchDelayMs }: ServingSetup): string =>
  `${plural(workers, 'worker')}${threads === null ? '' : ` × ${plural(threads, 'thread')}`}` +
  `${maxBatch === 1 ? '' : ', requests joined'}${batchDelayMs === 0 ? '' : ' after a wait'}`

/** What `fix` is handed. */
export const serverChoice = { checkObjective: parseObjective, chooseServer }
