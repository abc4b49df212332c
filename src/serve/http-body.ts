// The body of a request, read whole: within what the model takes and the memory that is left.
import type http from 'node:http'
import type { Held } from './body-budget.ts'
import { tooLarge } from './body-size.ts'
import { RequestError } from './protocol.ts'

/** 499 is nginx' word for a client that has gone; nobody reads it. */
export const GONE = 499

export interface BodyReading {
  /** Bytes. */
  readonly most: number
  readonly held: Held
  /** Given a way to refuse what is not whole yet; null: it is whole. */
  readonly watch: (refuse: ((error: RequestError) => void) | null) => void
}

/** Throws RequestError where it is too large, compressed, or the client has gone. */
export async function readBody(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { most, held, watch }: BodyReading,
): Promise<Buffer> {
  const told = Number(request.headers['content-length'] ?? 0)
  if (told > most) throw tooLarge(most)
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    throw new RequestError(415, `Content-Encoding ${coding.slice(0, 20)} is not offered`)
  if (request.headers.expect !== undefined) response.writeContinue()
  try {
    return await new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      const refuse = (error: RequestError) => {
        request.removeAllListeners('data')
        reject(error)
      }
      watch(refuse)
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > most) return refuse(tooLarge(most))
        try {
          held.set(size)
        } catch (error) {
          return refuse(error as RequestError)
        }
        chunks.push(chunk)
      })
      request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
      request.on('error', () => reject(new RequestError(GONE, 'the client has gone')))
      request.on('aborted', () => reject(new RequestError(GONE, 'the client has gone')))
    })
  } finally {
    watch(null)
  }
}
