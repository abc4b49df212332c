// Requests at a modest rate to a server that is about to start: when each was sent and answered, on the clock of all processes.
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import { runGenerator } from '../../load/generator.ts'
import { addressesOf, probe } from '../../load/http/probe.ts'
import type { HttpTarget } from '../../load/http/target.ts'
import { warmUpOf } from '../../load/measure.ts'
import { OUTCOME } from '../../load/records.ts'
import { makeTimeline } from '../../load/timeline.ts'
import { openHttpTarget, urlOf } from './http-target.ts'
import { LOAD_DEFAULTS } from './options.ts'

const POLL_MS = 100
/** One after the other, before the rate is known. */
const PROBES = 6
/** Share of the rate at which one client that waits for its answers sends. */
const MODEST = 0.5
const MOST_PER_SECOND = 100
const LEAST_SECONDS = 10
const MOST_SECONDS = 60
const LEAST_REQUESTS = 50
const MOST_OUTSTANDING = 256

export interface ModestLoadOptions {
  readonly bodies: readonly string[]
  readonly headers: readonly string[]
  readonly method: string | null
  /** null: half of what one client that waits for its answers gets. */
  readonly ratePerSecond: number | null
  /** null: ten seconds, or fifty requests. */
  readonly seconds: number | null
  readonly timeoutSeconds: number
  /** How long the server may take until it listens. */
  readonly startSeconds: number
  readonly onProgress?: (progress: StageProgress) => void
}

/** Throws InputError if nothing answers there, or if the server refuses the request; the signal's reason if it is aborted. */
export async function sendModestly(address: string, options: ModestLoadOptions, signal: AbortSignal) {
  const { onProgress: progress = () => {}, seconds, timeoutSeconds, startSeconds } = options
  const url = urlOf(address)
  progress({ stage: `waiting until something listens at ${url.host}`, done: 0, of: 1 })
  await untilListening(url, startSeconds, signal)
  const { bodies, headers, method } = options
  const { target, described } = await openHttpTarget(address, { ...LOAD_DEFAULTS, bodies, headers, method, timeoutSeconds })
  const tookMs: number[] = []
  for (let k = 0; k < PROBES; k++)
    tookMs.push((await probe(target as HttpTarget, described.name, timeoutSeconds * 1000)).latencyMs)
  const ratePerSecond = options.ratePerSecond ?? Math.min(MOST_PER_SECOND, (MODEST * 1000) / median(tookMs))
  const lasts = seconds ?? Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, LEAST_REQUESTS / ratePerSecond))
  const measuredMs = 1000 * lasts
  const warmUpMs = warmUpOf(measuredMs)
  const timeline = makeTimeline({ arrivals: { kind: 'poisson' }, ratePerSecond, warmUpMs, measuredMs, seed: 1 })
  const { records, startMs, sent } = await runGenerator(
    target,
    { kind: 'open', timeline, lengthMs: warmUpMs + measuredMs },
    {
      timeoutMs: timeoutSeconds * 1000,
      mostOutstanding: MOST_OUTSTANDING,
      seed: 1,
      signal,
      onProgress: (share) => progress({ stage: 'sending requests', done: share, of: 1 }),
    },
  )
  const answered = Array.from({ length: sent }, (_, k) => k).filter((k) => records.outcome[k]! > OUTCOME.pending)
  return {
    ratePerSecond,
    shown: described.name,
    unanswered: sent - answered.length,
    sent: answered.map((k) => ({
      sent: startMs + records.sentMs[k]!,
      done: startMs + records.doneMs[k]!,
      isMeasured: k >= timeline.measuredFrom,
    })),
  }
}

async function untilListening(url: URL, seconds: number, signal: AbortSignal): Promise<void> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const until = performance.now() + 1000 * seconds
  const hosts = await addressesOf(url)
  for (;;) {
    for (const host of hosts) if (await isListening(host, port)) return
    if (performance.now() > until)
      throw new InputError(`nothing listens at ${url.host} ${seconds} s after the start; give the port of the server with --url`)
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const settle = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}
