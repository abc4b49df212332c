// What a worker of the server does with its session: one prediction at a time, of one request or of several that are joined.
import type { MessagePort } from 'node:worker_threads'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { batchRequests, rowsOf, splitResults } from './batches.ts'
import { tensorBuffers } from './owned-buffers.ts'
import type { WorkerAnswer, WorkerOpening, WorkerRequest } from './worker-task.ts'

export interface LoopSession extends Pick<Extract<WorkerOpening, { ok: true }>, 'inputs' | 'outputs'> {
  run(feeds: Feeds): Promise<Results>
}

/** Says that it is open, or why it is not, and answers what is asked from then on. */
export async function predictLoop(port: MessagePort, open: () => Promise<LoopSession>): Promise<void> {
  const say = (opened: WorkerOpening) => port.postMessage(opened)
  try {
    const session = await open()
    port.on('message', async ({ id, requests }: WorkerRequest) => {
      const startedMs = nowMs()
      let answer: WorkerAnswer
      try {
        const rows = requests.map((feeds) => rowsOf(feeds) ?? 0)
        const results = splitResults(await session.run(batchRequests(requests)), rows)
        answer = { id, startedMs, endedMs: nowMs(), results, error: null }
      } catch (error) {
        answer = { id, startedMs, endedMs: nowMs(), results: null, error: firstLineOf(error) }
      }
      port.postMessage(answer, tensorBuffers(answer.results ?? []))
    })
    say({ ok: true, inputs: [...session.inputs], outputs: [...session.outputs] })
  } catch (error) {
    say({ ok: false, reason: firstLineOf(error) })
  }
}
