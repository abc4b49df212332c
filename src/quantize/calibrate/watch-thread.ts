// A thread of the trial's process that takes samples beside the first (watch.ts).
import { parentPort, workerData } from 'node:worker_threads'
import { type WatchTask, watchBlocks } from './watch.ts'

const { task, next } = workerData as { readonly task: WatchTask; readonly next: Int32Array }
parentPort!.postMessage(await watchBlocks(task, next))
