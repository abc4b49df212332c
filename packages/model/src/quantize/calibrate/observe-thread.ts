// A thread of the trial's process that takes samples next to the first thread (observe.ts).
import { parentPort, workerData } from 'node:worker_threads'
import { type ObserveTask, observeBlocks } from './observe.ts'

const { task, next } = workerData as { readonly task: ObserveTask; readonly next: Int32Array }
parentPort!.postMessage(await observeBlocks(task, next))
