// `agent`: what this machine is, where it takes trials from, and how it measures them.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { cacheFolder } from '../../machine/folders.ts'
import { readMachine } from '../../machine/index.ts'
import { machineKey } from '../../machine/key.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import { openStore } from '../store/store.ts'
import { machineClass } from '../study/machine-class.ts'
import { why } from '../why.ts'
import { runAgent } from './agent.ts'
import { checkQueue, openAgentQueue } from './bullmq-queue.ts'
import type { FleetJob } from './job.ts'
import { bound, setOut } from './model-store.ts'

export interface AgentOptions {
  readonly queue: string
  /** The folder that all machines of the fleet see. */
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

/** What machines alike share. */
export function ownMachine(): string {
  const machine = readMachine([])
  return `${machineClass({ isa: [...machine.isa], usableCpus: machine.usableCpus })}-${machineKey(machine).slice(0, 6)}`
}

/** Until the signal aborts. Throws InputError where the queue or the store cannot be used. */
export async function agent({ queue: url, models, key, store: storeUrl, log, signal }: AgentOptions): Promise<void> {
  checkQueue(url, key)
  const machine = ownMachine()
  const store = storeUrl === null ? null : await openStore(storeUrl, { make: true })
  try {
    const queue = await openAgentQueue(url, machine)
    log(`${machine}: takes trials, one at a time; Ctrl-C ends it`)
    const cache = path.join(cacheFolder(), 'fleet')
    mkdirSync(cache, { recursive: true })
    await runAgent({ queue, key, store, log, signal, measure: (job, stop) => measureJob(job, { cache, models, signal: stop }) })
  } finally {
    await store?.close()
  }
}

interface Places {
  readonly cache: string
  readonly models: string
  readonly signal: AbortSignal
}

/** The files are copied and checked before anything is timed; the folder they stand in goes afterwards. */
async function measureJob(job: FleetJob, { cache, models, signal }: Places): Promise<ReportDocument> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'whyslow-agent-'))
  try {
    const model = await setOut(path.join(folder, 'model'), cache, models, job.model)
    const data = job.data.length === 0 ? null : await setOut(path.join(folder, 'data'), cache, models, job.data)
    const { engine, batch, threads, seconds, quick, labels } = job
    const shapes = new Map(Object.entries(job.shapes))
    const values = new Map(Object.entries(job.values))
    const { report } = await why(model, { engine, batch, threads, seconds, quick, labels, shapes, values, data, signal })
    return report
  } finally {
    rmSync(folder, { recursive: true, force: true })
    bound(cache, MOST_CACHED)
  }
}
