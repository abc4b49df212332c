// What the generator itself can do here: against a server that answers at once, in a process' other thread, as fast as it can and at the
// rate asked for. What it adds to every latency, and above which rate it would measure itself.
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { answerOf } from './generator.ts'
import { encodeRequest } from './http/target.ts'
import { measureClosed, measurePoint } from './measure.ts'
import type { Target } from './target.ts'

export interface Ceiling {
  readonly ceilingPerSecond: number
  readonly floorP50Ms: number | null
  readonly floorP99Ms: number | null
  /** Median of how late it sent at that rate, ms. */
  readonly lagP50Ms: number
}

const threadFile = new URL('./null-server-thread.js', compiledTwin(import.meta.url))
const CLIENTS = 32
const CEILING_SECONDS = 0.5
const FLOOR_SECONDS = 1
const TIMEOUT_MS = 5000

/** `kind`: the protocol; `requests`: what is sent, so that large bodies cost here what they cost there. */
export async function measureCeiling(
  { kind, requests }: Pick<Target, 'kind' | 'requests'>,
  ratePerSecond: number | null,
  signal: AbortSignal | undefined,
): Promise<Ceiling> {
  const server = new Worker(threadFile, { workerData: { kind }, execArgv: [] })
  try {
    const port = await answerOf<number>(server, TIMEOUT_MS, signal)
    const target = nullTarget(kind, port, requests)
    const plan = { target, seed: 1, timeoutMs: TIMEOUT_MS, signal }
    const fastest = await measureClosed({ ...plan, clients: CLIENTS, length: { seconds: CEILING_SECONDS } })
    const ceilingPerSecond = fastest.point.achievedPerSecond
    const rate = Math.min(ratePerSecond ?? ceilingPerSecond / 2, ceilingPerSecond)
    const at = await measurePoint({
      ...plan,
      arrivals: { kind: 'poisson' },
      ratePerSecond: rate,
      length: { seconds: FLOOR_SECONDS },
    })
    return { ceilingPerSecond, floorP50Ms: at.point.p50Ms, floorP99Ms: at.point.p99Ms, lagP50Ms: at.point.lag.p50Ms }
  } finally {
    await server.terminate()
  }
}

function nullTarget(kind: Target['kind'], port: number, requests: readonly Uint8Array[]): Target {
  const place = { secure: false, hostname: '127.0.0.1', address: '127.0.0.1', port }
  if (kind === 'grpc') return { ...place, kind, path: '/null/Null', metadata: [], requests }
  return {
    ...place,
    kind,
    method: 'POST',
    requests:
      requests.length > 0
        ? requests
        : [encodeRequest({ url: new URL('http://localhost/'), method: 'GET', headers: [], body: null })],
  }
}
