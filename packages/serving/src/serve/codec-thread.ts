// Long requests and answers in a thread of its own, started with the first of them: reading 200 MB of JSON takes seconds, in which the probes
// have to be answered, and copying 16 MB a few times holds up all others, too.
import { Worker } from 'node:worker_threads'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import type { CodecAnswered, CodecForm, CodecRequest } from './codec-loop.ts'
import { ownedBuffers, tensorBuffers } from './owned-buffers.ts'
import { type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import type { EncodedResponse } from './rest-response.ts'

export interface CodecThread {
  /** As `parseInfer` or `parseGrpcInfer`; the parts are transferred. */
  parse(form: CodecForm, parts: readonly Buffer[], headerBytes: number | null): Promise<InferRequest>
  /** As `encodeInfer` or `encodeGrpcInfer`; the results are transferred. */
  encode(form: CodecForm, request: InferRequest, results: Results): Promise<EncodedResponse>
  close(): void
}

/** What the thread is started with. */
export interface CodecTask {
  readonly codecOf: ModelSpec
}

/** `threadFile`: what runs `codecLoop`. One is asked at a time, so that a request that the thread does not survive takes no other with it. */
export function createCodecThread(
  threadFile: URL,
  model: ModelSpec,
  log: (entry: Readonly<Record<string, unknown>>) => void,
): CodecThread {
  let thread: Worker | null = null
  let before: Promise<unknown> = Promise.resolve()
  const started = (): Worker => {
    if (thread !== null) return thread
    const own = new Worker(threadFile, { workerData: { codecOf: model } satisfies CodecTask, execArgv: [] })
    const forget = () => {
      if (thread === own) thread = null
    }
    own.once('exit', forget)
    // Heard for each request, too; one that nobody hears would end the process.
    own.on('error', (error) => {
      forget()
      log({ level: 'warn', message: 'the thread for long requests ended', error: firstLineOf(error) })
    })
    own.unref()
    thread = own
    return own
  }
  const ask = (asked: CodecRequest, buffers: ArrayBuffer[]): Promise<CodecAnswered> => {
    const answer = before.then(() => answerOf(started(), asked, buffers))
    before = answer.catch(() => {})
    return answer
  }
  return {
    async parse(form, parts, headerBytes) {
      const answer = checked(await ask({ kind: 'parse', form, parts, headerBytes }, ownedBuffers(parts)))
      if (answer.kind === 'parsed') return answer.request
      throw new Error(`asked to parse, the thread for long requests ${answer.kind}`)
    },
    async encode(form, { feeds: _, ...request }, results) {
      const answer = checked(await ask({ kind: 'encode', form, request, results }, tensorBuffers([results])))
      if (answer.kind !== 'encoded') throw new Error(`asked to encode, the thread for long requests ${answer.kind}`)
      const { body, headerBytes } = answer
      return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), headerBytes }
    },
    close() {
      void thread?.terminate()
    },
  }
}

function answerOf(thread: Worker, asked: CodecRequest, buffers: ArrayBuffer[]): Promise<CodecAnswered> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit)
      how()
    }
    const onMessage = (answer: CodecAnswered) => settle(() => resolve(answer))
    const onError = (error: NodeJS.ErrnoException) => settle(() => reject(outOf(error)))
    const onExit = () => settle(() => reject(new Error('the thread for long requests ended')))
    thread.on('message', onMessage).on('error', onError).on('exit', onExit)
    thread.postMessage(asked, buffers)
  })
}

const outOf = (error: NodeJS.ErrnoException): Error =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new RequestError(413, 'the request takes more memory to read than there is; send tensors as binary data')
    : error

/** Throws what the thread refused with. */
function checked(answer: CodecAnswered): CodecAnswered {
  if (answer.kind === 'refused') throw new RequestError(answer.status, answer.message)
  if (answer.kind === 'failed') throw new Error(answer.stack)
  return answer
}
