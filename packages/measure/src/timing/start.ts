// How long a fresh process takes from opening the model to its first result. The import of the engine's package is timed apart, since
// it is the same for every model. Where starts are compared, each file starts once before times count: then its bytes are in the
// operating system's page cache, and what is compared is parsing, optimizing and repacking, not the disk.
import { processClock } from '../engines/sampler.ts'
import { loadInputs } from '../samples/saved.ts'
import { openerOf } from '../trials/engine-of.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { defineTask } from '../trials/port.ts'

/** Times from a fresh process to its first result. */
export interface StartTimes {
  /** Importing the engine's package. */
  readonly importMs: number
  /** Opening the model. */
  readonly loadMs: number
  readonly firstMs: number
  /** loadMs + firstMs: what depends on the model and its options. */
  readonly totalMs: number
}

/** `firstMs` includes turning the feeds into what the engine takes. */
export async function timeStart(task: ModelTask, engine = openerOf(task), now = processClock): Promise<StartTimes> {
  const [feeds] = loadInputs(task.inputs)
  if (feeds === undefined) throw new Error('no sample to start with')
  const start = now()
  const found = await engine.available(task.options)
  if (!found.ok) throw new Error(`${found.reason}; ${found.fix}`)
  const imported = now()
  const session = await engine.open(task.modelFile, task.options)
  const loaded = now()
  await session.prepare(feeds)()
  const end = now()
  await session.close()
  return { importMs: imported - start, loadMs: loaded - imported, firstMs: end - loaded, totalMs: end - imported }
}

export const startTask = defineTask('start', import.meta.url, timeStart)
