// The thread of end-with-parent.ts.
import fs from 'node:fs'
import { workerData } from 'node:worker_threads'
import { endStarted } from '../processes/end-process.ts'
import type { EndWithParent } from './end-with-parent.ts'

const LOOK_MS = 1000

const { parent, folder } = workerData as EndWithParent
setInterval(() => {
  if (process.ppid === parent) return
  endStarted()
  if (folder !== null) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
