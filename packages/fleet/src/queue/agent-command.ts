// `agent`: what this machine is, where it takes trials from, and how it measures them.
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { placesOf } from '@whyslow/command/engine-options.ts'
import { limitsOf } from '@whyslow/command/limits.ts'
import { DEFAULTS } from '@whyslow/command/options.ts'
import { disturbanceIn, type Look, lookAround } from '@whyslow/command/quiet.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engines } from '@whyslow/measure/engines/index.ts'
import { cacheFolder } from '@whyslow/measure/machine/folders.ts'
import { readMachine } from '@whyslow/measure/machine/index.ts'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import { waitingWords } from '@whyslow/measure/trials/lock.ts'
import type { LockNotices, RunTrial, TrialRunner } from '@whyslow/measure/trials/port.ts'
import { withoutPasswords } from '@whyslow/report/text/addresses.ts'
import { openStore } from '../store/store.ts'
import { acceleratorOf, kindOf, machineClass } from '../study/machine-class.ts'
import { type AgentMeasurement, runAgent } from './agent.ts'
import { checkQueue, openAgentQueue } from './bullmq-queue.ts'
import type { FileStore } from './file-store.ts'
import type { FleetJob } from './job.ts'
import { type Places, setOut } from './model-store.ts'
import { openFileStore } from './open-file-store.ts'
import { createRunningFolder, sweepRunning } from './running-folder.ts'
import { type WhyTask, whyInTrial } from './why-task.ts'

export interface AgentOptions {
  readonly queue: string
  /** The folder that all machines of the fleet see, or s3://bucket/prefix. */
  readonly models: string
  /** What jobs are signed with; null: they are not, which only a queue of this machine alone may do. */
  readonly key: string | null
  /** PostgreSQL or a SQLite file; null: results stay in the queue. */
  readonly store: string | null
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

/** Models of a fleet that an agent keeps, bytes. */
const MOST_CACHED = 20e9

/** What machines alike share: the class and the key of the processor, and each accelerator that an engine here computes on. */
export async function ownMachine(run: RunTrial, signal?: AbortSignal): Promise<string> {
  const machine = readMachine([])
  const processor = `${machineClass({ isa: [...machine.isa], usableCpus: machine.usableCpus })}-${machineKey(machine).slice(0, 6)}`
  const accelerators = new Set<string>()
  for (const { id, accelerator } of engines) {
    if (accelerator === undefined) continue
    const found = await describeEngine(run, id, placesOf(DEFAULTS), signal)
    const name = found.ok ? acceleratorOf(id, found) : undefined
    if (name !== undefined) accelerators.add(name)
  }
  return kindOf(processor, [...accelerators].sort())
}

/** Until the signal aborts. Throws InputError if the queue or the store cannot be used. */
export async function agent(
  { queue: url, models, key, store: storeUrl, log: logLine, signal }: AgentOptions,
  task: WhyTask,
): Promise<void> {
  checkQueue(url, key)
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = process.env
  const addresses = [url, models, storeUrl ?? '']
  const secrets = [key ?? '', AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]
  const log = (line: string) => logLine(withoutPasswords(line, { addresses, secrets }))
  // Drivers that start disturb what is measured meanwhile.
  const machine = await localTrials.alone(() => ownMachine(localTrials.run, signal), toldTo(log))
  const store = storeUrl === null ? null : await openStore(storeUrl, { make: true })
  let files: FileStore | null = null
  try {
    files = await openFileStore(models)
    const queue = await openAgentQueue(url, { machine, key })
    log(`${machine}: takes trials, one at a time; Ctrl-C ends it`)
    const cache = path.join(cacheFolder(), 'fleet')
    mkdirSync(cache, { recursive: true })
    sweepRunning(cache)
    const places = { cache, mostBytes: MOST_CACHED, store: files }
    await runAgent({
      queue,
      machine,
      key,
      store,
      log,
      signal,
      measure: (job, stop, anyway) =>
        measureJob(job, { ...places, task, trials: localTrials, look: lookAround, signal: stop, anyway, log }),
    })
  } finally {
    files?.close()
    await store?.close()
  }
}

interface JobGiven extends Places {
  readonly task: WhyTask
  readonly trials: TrialRunner
  /** Whether the machine is quiet, before the trial and after it. */
  readonly look: () => Promise<Look>
  readonly signal: AbortSignal
  readonly anyway: boolean
  readonly log: (line: string) => void
}

/**
 * The files are copied and checked before anything is timed; the folder they stand in goes afterwards. They are read in the trial's process alone:
 * who made them is not known.
 */
export async function measureJob(job: FleetJob, given: JobGiven): Promise<AgentMeasurement> {
  const { trials, task, look, signal, anyway, log } = given
  const folder = createRunningFolder(given.cache)
  try {
    const model = await setOut(path.join(folder, 'model'), job.model, given)
    const data = job.data.length === 0 ? null : await setOut(path.join(folder, 'data'), job.data, given)
    const { engine, batch, threads, seconds, quick, labels } = job
    const shapes = new Map(Object.entries(job.shapes))
    const values = new Map(Object.entries(job.values))
    const options = { engine, batch, threads, seconds, quick, labels, shapes, values, data }
    const { memoryBytes } = limitsOf(readMachine([]), { memoryLimitBytes: null, signal })
    return await trials.alone(async () => {
      const before = await look()
      const disturbedBefore = disturbanceIn(before)
      if (disturbedBefore !== null && !anyway) return { report: null, disturbed: disturbedBefore }
      const report = await whyInTrial({ run: trials.run, task }, { file: model, options }, { memoryBytes, signal })
      return { report, disturbed: disturbedBefore ?? disturbanceIn(await look(), before) }
    }, toldTo(log))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const toldTo = (log: AgentOptions['log']): LockNotices => ({
  onWait: (holder) => log(waitingWords(holder)),
  onUnlocked: (reason) => log(`measures without the machine's lock: ${reason}`),
})
