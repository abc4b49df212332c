// Long JSON in a thread of its own, started with the first of it: reading 200 MB takes seconds, in which the probes have to be answered.
import { Worker } from 'node:worker_threads'
import type { Results } from '../engines/types.ts'
import { firstLineOf } from '../graph/input-error.ts'
import type { JsonAnswered, JsonAsked } from './json-loop.ts'
import { ownedBuffers, tensorBuffers } from './owned-buffers.ts'
import { type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import type { EncodedResponse } from './rest-response.ts'

export interface JsonThread {
  /** As `parseInfer`; the parts are handed over. */
  parse(parts: readonly Buffer[], headerBytes: number | null): Promise<InferRequest>
  /** As `encodeInfer`; the results are handed over. */
  encode(request: InferRequest, results: Results): Promise<EncodedResponse>
  close(): void
}

/** What the thread is started with. */
export interface JsonTask {
  readonly json: ModelSpec
}

/** `threadFile`: what runs `jsonLoop`. One is asked at a time, so that a request that the thread does not survive takes no other with it. */
export function createJsonThread(
  threadFile: URL,
  model: ModelSpec,
  log: (entry: Readonly<Record<string, unknown>>) => void,
): JsonThread {
  let thread: Worker | null = null
  let before: Promise<unknown> = Promise.resolve()
  const started = (): Worker => {
    if (thread !== null) return thread
    const own = new Worker(threadFile, { workerData: { json: model } satisfies JsonTask, execArgv: [] })
    const forget = () => {
      if (thread === own) thread = null
    }
    own.once('exit', forget)
    // Heard for each request, too; one that nobody hears would end the process.
    own.on('error', (error) => {
      forget()
      log({ level: 'warn', message: 'the thread for JSON ended', error: firstLineOf(error) })
    })
    own.unref()
    thread = own
    return own
  }
  const ask = (asked: JsonAsked, buffers: ArrayBuffer[]): Promise<JsonAnswered> => {
    const answer = before.then(() => answerOf(started(), asked, buffers))
    before = answer.catch(() => {})
    return answer
  }
  return {
    async parse(parts, headerBytes) {
      const answer = checked(await ask({ kind: 'parse', parts, headerBytes }, ownedBuffers(parts)))
      if (answer.kind === 'parsed') return answer.request
      throw new Error(`asked to parse, the thread for JSON ${answer.kind}`)
    },
    async encode({ feeds: _, ...request }, results) {
      const answer = checked(await ask({ kind: 'encode', request, results }, tensorBuffers([results])))
      if (answer.kind !== 'encoded') throw new Error(`asked to encode, the thread for JSON ${answer.kind}`)
      const { body, headerBytes } = answer.response
      return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), headerBytes }
    },
    close() {
      void thread?.terminate()
    },
  }
}

function answerOf(thread: Worker, asked: JsonAsked, buffers: ArrayBuffer[]): Promise<JsonAnswered> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit)
      how()
    }
    const onMessage = (answer: JsonAnswered) => settle(() => resolve(answer))
    const onError = (error: NodeJS.ErrnoException) => settle(() => reject(outOf(error)))
    const onExit = () => settle(() => reject(new Error('the thread for JSON ended')))
    thread.on('message', onMessage).on('error', onError).on('exit', onExit)
    thread.postMessage(asked, buffers)
  })
}

const outOf = (error: NodeJS.ErrnoException): Error =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new RequestError(413, 'the JSON takes more memory than there is; send tensors as binary data')
    : error

/** Throws what the thread refused with. */
function checked(answer: JsonAnswered): JsonAnswered {
  if (answer.kind === 'refused') throw new RequestError(answer.status, answer.message)
  if (answer.kind === 'failed') throw new Error(answer.stack)
  return answer
}
