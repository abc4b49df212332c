// What the thread for JSON does: one long request or answer at a time, away from the thread that answers the probes.
import type { MessagePort } from 'node:worker_threads'
import type { Results } from '../engines/types.ts'
import { ownedBuffers, tensorBuffers } from './owned-buffers.ts'
import { type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import { parseInfer } from './rest-request.ts'
import { type EncodedResponse, encodeInfer } from './rest-response.ts'

export type JsonAsked =
  | { readonly kind: 'parse'; readonly parts: readonly Uint8Array[]; readonly headerBytes: number | null }
  | { readonly kind: 'encode'; readonly request: Omit<InferRequest, 'feeds'>; readonly results: Results }

export type JsonAnswered =
  | { readonly kind: 'parsed'; readonly request: InferRequest }
  | { readonly kind: 'encoded'; readonly response: { readonly body: Uint8Array; readonly headerBytes: number | null } }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** A mistake of ours. */
  | { readonly kind: 'failed'; readonly stack: string }

export function jsonLoop(port: MessagePort, model: ModelSpec): void {
  port.on('message', (asked: JsonAsked) => {
    const answer = answerTo(model, asked)
    port.postMessage(answer, buffersOf(answer))
  })
}

function answerTo(model: ModelSpec, asked: JsonAsked): JsonAnswered {
  try {
    if (asked.kind === 'parse')
      return { kind: 'parsed', request: parseInfer(model, Buffer.concat(asked.parts), asked.headerBytes) }
    const { body, headerBytes }: EncodedResponse = encodeInfer(model, asked.request, asked.results)
    return { kind: 'encoded', response: { body, headerBytes } }
  } catch (error) {
    if (error instanceof RequestError) return { kind: 'refused', status: error.status, message: error.message }
    return { kind: 'failed', stack: String((error as Error).stack ?? error) }
  }
}

function buffersOf(answer: JsonAnswered): ArrayBuffer[] {
  if (answer.kind === 'parsed') return tensorBuffers([answer.request.feeds])
  return answer.kind === 'encoded' ? ownedBuffers([answer.response.body]) : []
}
