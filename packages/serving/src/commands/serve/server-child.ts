// A server under test in a process of its own: what `serve` runs, until who started it ends it or is gone.
import { InputError } from '@whyslow/graph/input-error.ts'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import { serve } from './serve.ts'
import { countServer } from './server-counts.ts'
import type { ServerAnswer, ServerRequest, ServerTask } from './server-task.ts'

const answer = (said: ServerAnswer) => process.send!(said)

// Ctrl-C reaches all processes of a terminal: the one that measures ends this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
endWithParent()
process.on('disconnect', () => process.exit(0))
process.once('message', ({ file, options }: ServerTask) => void start(file, options))

async function start(file: string, options: ServerTask['options']): Promise<void> {
  try {
    const server = await serve(file, options)
    const facts = countServer(server.served)
    process.on('message', ({ ask }: ServerRequest) => {
      if (ask === 'facts') answer({ kind: 'facts', facts: facts() })
    })
    const { address, model, workers, threadsPerWorker, queueLimit, deadlineMs, engine, spinning } = server
    const { maxBatch, fewRows, batchDelayMs, batchCosts, batchLine, whyAlone } = server
    const batches = { maxBatch, fewRows, batchDelayMs, batchCosts, batchLine, whyAlone }
    const limits = { queueLimit, deadlineMs }
    answer({ kind: 'ready', address, model, setup: { workers, threadsPerWorker, ...limits, ...batches, engine, spinning } })
  } catch (error) {
    if (error instanceof InputError) answer({ kind: 'refused', message: error.message })
    else answer({ kind: 'failed', stack: String((error as Error).stack ?? error) })
  }
}
