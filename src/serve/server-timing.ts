// What a request took in the server, told with its answer: https://www.w3.org/TR/server-timing/
import type { Timing } from './dispatcher.ts'

export interface Around {
  /** Absent over gRPC, which hands over whole messages. */
  readonly upload?: number
  readonly parse: number
  readonly serialize: number
}

/** In the order of time. */
export function serverTiming({ queueMs, handOverMs, computeMs }: Timing, { upload, parse, serialize }: Around): string {
  const parts = { upload, parse, queue: queueMs, 'hand-over': handOverMs, compute: computeMs, serialize }
  return Object.entries(parts)
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name};dur=${ms.toFixed(4)}`]))
    .join(', ')
}
