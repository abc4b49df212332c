// Ends this process soon after the one that started it, also while its main thread is in native code that does not return: the end of the
// channel to the parent is seen by the event loop alone. A thread of its own looks once a second, which takes microseconds.
// On Windows the system ends it: libuv holds what Node started in a job object.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'

/** This file, compiled: for a child process whose code is not ours. */
export const END_WITH_PARENT = new URL('./end-with-parent.js', compiledTwin(import.meta.url)).href
const threadFile = fileURLToPath(new URL('./end-with-parent-thread.js', compiledTwin(import.meta.url)))

/** What the thread is told. */
export interface EndWithParent {
  readonly parent: number
  /** Goes with the process; null: none. */
  readonly folder: string | null
}

const SMALL = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }

/** Ends this process when its parent ends. Call it first, while the parent is surely there. `folder`: of this process alone, to be removed with it. */
export function endWithParent(folder: string | null = null): void {
  if (process.platform === 'win32') return
  const workerData: EndWithParent = { parent: process.ppid, folder }
  const thread = new Worker(threadFile, { resourceLimits: SMALL, execArgv: [], workerData })
  // Without the thread, the end of the channel still ends the process.
  thread.on('error', () => {})
  thread.unref()
}
