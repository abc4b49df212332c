// What the thread for long requests and answers does: one at a time, away from the thread that answers the probes.
import type { MessagePort } from 'node:worker_threads'
import type { Results } from '@whyslow/measure/engines/types.ts'
import { encodeGrpcInfer, parseGrpcInfer } from './grpc/infer.ts'
import { ownedBuffers, tensorBuffers } from './owned-buffers.ts'
import { type InferRequest, type ModelSpec, RequestError } from './protocol.ts'
import { parseInfer } from './rest-request.ts'
import { encodeInfer } from './rest-response.ts'

export type CodecForm = 'rest' | 'grpc'

export type CodecRequest =
  | {
      readonly kind: 'parse'
      readonly form: CodecForm
      readonly parts: readonly Uint8Array[]
      /** As `parseInfer` takes it. */
      readonly headerBytes: number | null
    }
  | {
      readonly kind: 'encode'
      readonly form: CodecForm
      readonly request: Omit<InferRequest, 'feeds'>
      readonly results: Results
    }

export type CodecAnswered =
  | { readonly kind: 'parsed'; readonly request: InferRequest }
  | { readonly kind: 'encoded'; readonly body: Uint8Array; readonly headerBytes: number | null }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** A mistake of ours. */
  | { readonly kind: 'failed'; readonly stack: string }

export function codecLoop(port: MessagePort, model: ModelSpec): void {
  port.on('message', (asked: CodecRequest) => {
    const answer = answerTo(model, asked)
    port.postMessage(answer, buffersOf(answer))
  })
}

function answerTo(model: ModelSpec, asked: CodecRequest): CodecAnswered {
  try {
    if (asked.kind === 'parse') {
      const body = Buffer.concat(asked.parts)
      const request = asked.form === 'grpc' ? parseGrpcInfer(model, body) : parseInfer(model, body, asked.headerBytes)
      return { kind: 'parsed', request }
    }
    const { request, results } = asked
    if (asked.form === 'rest') return { kind: 'encoded', ...encodeInfer(model, request, results) }
    return { kind: 'encoded', body: encodeGrpcInfer(model, request, results), headerBytes: null }
  } catch (error) {
    if (error instanceof RequestError) return { kind: 'refused', status: error.status, message: error.message }
    return { kind: 'failed', stack: String((error as Error).stack ?? error) }
  }
}

function buffersOf(answer: CodecAnswered): ArrayBuffer[] {
  if (answer.kind === 'parsed') return tensorBuffers([answer.request.feeds])
  return answer.kind === 'encoded' ? ownedBuffers([answer.body]) : []
}
