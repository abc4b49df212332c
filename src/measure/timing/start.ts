// How long a fresh process takes from opening the model to its first result. The import of the engine's package is timed apart, since
// it is the same for every model. Where starts are compared, each file starts once before times count: then its bytes are in the
// operating system's page cache, and what is compared is parsing, optimizing and repacking, not the disk.

import { engineOf } from '../../trials/engine-of.ts'
import type { ModelTask } from '../../trials/model-task.ts'
import { defineTask } from '../../trials/port.ts'
import { feedsOf, openSession } from '../open.ts'

/** From a fresh process to its first result. */
export interface StartTimes {
  /** Importing the engine's package. */
  readonly importMs: number
  /** Opening the model. */
  readonly loadMs: number
  readonly firstMs: number
  /** loadMs + firstMs: what depends on the model and its options. */
  readonly totalMs: number
}

/** Runs in the trial's process. `firstMs` includes turning the feeds into what the engine takes. */
async function timeStart(task: ModelTask): Promise<StartTimes> {
  const [feeds] = feedsOf(task)
  if (feeds === undefined) throw new Error('no sample to start with')
  const start = performance.now()
  const engine = await engineOf(task.engine).available(task.options)
  if (!engine.ok) throw new Error(`${engine.reason}; ${engine.fix}`)
  const imported = performance.now()
  const session = await openSession(task)
  const loaded = performance.now()
  await session.prepare(feeds)()
  const end = performance.now()
  await session.close()
  return { importMs: imported - start, loadMs: loaded - imported, firstMs: end - loaded, totalMs: end - imported }
}

export const startTask = defineTask('start', import.meta.url, timeStart)
