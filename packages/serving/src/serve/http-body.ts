// The body of a request, read whole: within what the model takes and the memory that is left.
import type http from 'node:http'
import type { BodyShare } from './body-budget.ts'
import { tooLarge } from './body-size.ts'
import { RequestError } from './protocol.ts'

/** 499 is nginx' word for a client that has gone; nobody reads it. */
export const CLIENT_CLOSED_REQUEST = 499

export interface BodyReading {
  /** Bytes. */
  readonly most: number
  readonly held: BodyShare
  /** Given a way to refuse what is not whole yet; null: it is whole. */
  readonly watch: (refuse: ((error: RequestError) => void) | null) => void
}

/** Its parts. Throws RequestError if it is too large, compressed, or the client has gone; then nothing of it is kept. */
export async function readBody(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { most, held, watch }: BodyReading,
): Promise<readonly Buffer[]> {
  const told = Number(request.headers['content-length'] ?? 0)
  if (told > most) throw tooLarge(most)
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    throw new RequestError(415, `Content-Encoding ${coding.slice(0, 20)} is not offered`)
  if (request.headers.expect !== undefined) response.writeContinue()
  const parts: Buffer[] = []
  let size = 0
  let stop = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      const onData = (part: Buffer) => {
        size += part.length
        if (size > most) return reject(tooLarge(most))
        try {
          held.set(size)
        } catch (error) {
          return reject(error)
        }
        parts.push(part)
      }
      const onGone = () => reject(new RequestError(CLIENT_CLOSED_REQUEST, 'the client has gone'))
      const listeners = { data: onData, end: resolve, error: onGone, aborted: onGone }
      for (const [event, listener] of Object.entries(listeners)) request.on(event, listener)
      // What is refused may go on for long: nobody keeps it any more. Its errors are still heard.
      stop = () => {
        for (const event of ['data', 'end'] as const) request.off(event, listeners[event])
      }
      watch(reject)
    })
    return parts
  } catch (error) {
    parts.length = 0
    throw error
  } finally {
    stop()
    watch(null)
  }
}
