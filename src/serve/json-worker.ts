// The thread for JSON of `whyslow serve`.
import { parentPort, workerData } from 'node:worker_threads'
import { jsonLoop } from './json-loop.ts'
import type { JsonTask } from './json-thread.ts'

jsonLoop(parentPort!, (workerData as JsonTask).json)
