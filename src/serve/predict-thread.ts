// A worker of the server: one session, one prediction at a time, of one request or of several that are joined.
import { parentPort, workerData } from 'node:worker_threads'
import { engineById } from '../engines/index.ts'
import { engineOfFolder } from '../engines/shipped-folder.ts'
import type { Results } from '../engines/types.ts'
import { firstLineOf } from '../graph/input-error.ts'
import { joined, rowsOf, takenApart } from './batches.ts'
import { nowMs } from './now.ts'
import type { Answered, Asked, Opened, WorkerTask } from './worker-task.ts'

const port = parentPort!
const { engine, modelFile, options, shipped } = workerData as WorkerTask

try {
  const opener = shipped === null ? engineById(engine)! : engineOfFolder(shipped)
  const session = await opener.open(modelFile, options)
  port.on('message', async ({ id, requests }: Asked) => {
    const startedMs = nowMs()
    let answer: Answered
    try {
      const rows = requests.map((feeds) => rowsOf(feeds) ?? 0)
      const results = takenApart(await session.run(joined(requests)), rows)
      answer = { id, startedMs, endedMs: nowMs(), results, error: null }
    } catch (error) {
      answer = { id, startedMs, endedMs: nowMs(), results: null, error: firstLineOf(error) }
    }
    port.postMessage(answer, buffersOf(answer.results))
  })
  const { inputs, outputs } = session
  const opened: Opened = { ok: true, inputs: [...inputs], outputs: [...outputs] }
  port.postMessage(opened)
} catch (error) {
  const opened: Opened = { ok: false, reason: firstLineOf(error) }
  port.postMessage(opened)
}

/** What can be handed over instead of copied: buffers that hold one result and nothing else. */
function buffersOf(results: readonly Results[] | null): ArrayBuffer[] {
  const tensors = (results ?? []).flatMap((one) => Object.values(one))
  const buffers = tensors.flatMap(({ data }) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength
      ? [data.buffer]
      : [],
  )
  return [...new Set(buffers)]
}
