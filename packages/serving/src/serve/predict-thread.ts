// A worker of the server: a session of an engine, or of a folder's own code.
import { parentPort, workerData } from 'node:worker_threads'
import { engineById } from '@whyslow/measure/engines/index.ts'
import { engineOfFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import { predictLoop } from './predict-loop.ts'
import type { WorkerTask } from './worker-task.ts'

const { engine, modelFile, options, shipped } = workerData as WorkerTask

await predictLoop(parentPort!, () => (shipped === null ? engineById(engine)! : engineOfFolder(shipped)).open(modelFile, options))
