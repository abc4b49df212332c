// What a request took in the server, told with its answer: https://www.w3.org/TR/server-timing/
import type { Timing } from './queued-job.ts'

export interface BodyTimes {
  /** Absent over gRPC, which passes whole messages. */
  readonly upload?: number
  readonly parse: number
  readonly serialize: number
}

/** Entries in the order of time; `batch-wait`, in which a free worker waited for more to join, only if the server's workers wait. */
export function serverTiming(
  { queueMs, batchWaitMs, handOverMs, computeMs }: Timing,
  { upload, parse, serialize }: BodyTimes,
): string {
  const parts = {
    ...{ upload, parse, queue: queueMs - (batchWaitMs ?? 0), 'batch-wait': batchWaitMs },
    ...{ 'hand-over': handOverMs, compute: computeMs, serialize },
  }
  return Object.entries(parts)
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name};dur=${ms.toFixed(4)}`]))
    .join(', ')
}
