// The thread for long requests and answers of `whyslow serve`.
import { parentPort, workerData } from 'node:worker_threads'
import { codecLoop } from './codec-loop.ts'
import type { CodecTask } from './codec-thread.ts'

codecLoop(parentPort!, (workerData as CodecTask).codecOf)
