// Whether joining requests pays where the whole server is asked, before it is ready: HTTP, parsing and the queue are one thread's, which
// joining spares little, and on the same CPUs. The workers are asked over HTTP as fast as they answer, one by one and joined in turns.
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { average, decide, INTERVAL_LEVEL, pairsInTurns } from '@whyslow/measure/statistics/index.ts'
import { runGenerator } from '../../load/generator.ts'
import { encodeRequest, type HttpTarget } from '../../load/http/target.ts'
import { rowsOf } from '../../serve/batches.ts'
import { createBodyBudget } from '../../serve/body-budget.ts'
import { type Batching, createDispatcher } from '../../serve/dispatcher.ts'
import { createHttpServer, type ServedModel } from '../../serve/http-server.ts'
import { encodeInferRequest } from '../../serve/infer-request.ts'
import { MOST_BODY_BYTES } from '../../serve/server-defaults.ts'
import type { JoiningCandidate } from '../../serve/settle-batches.ts'

/** After each pair from the first number on the interval is looked at; no more are measured than the second, since a server waits for it. */
const PAIRS = { least: 3, most: 6 } as const
/** Joined requests wait for each other: what gains less is not worth that. */
const LEAST_GAIN = 1.05
/** A choice that the next start makes again: each look is at the level of an interval that is shown. */
const DECISION = { level: INTERVAL_LEVEL, least: 1 - 1 / LEAST_GAIN, leastPairs: PAIRS.least } as const
/** Predictions that take longer than this are nearly all there is: what they cost decides, if it does so clearly. */
const SLOW_MS = 100
const CLEAR_GAIN = 1.15
/** How long answers are counted in each turn: at least this many predictions. */
const TURN = { leastMs: 200, predictions: 10 } as const
/** Share of a turn: what was sent before it is answered first. */
const CHANGE_SHARE = 0.25
/** Whole batches for each worker: one that is predicted, one that waits. */
const BATCHES_ASKED = 2
/** Before the first turn: connections are opened, code is compiled; this many answers to each client, or this long. */
const WARM_UP = { answers: 4, mostMs: 5000 } as const
const MOST_REQUESTS = 400_000
/** Longer than all turns take. */
const MOST_MS = 60_000
const TIMEOUT_MS = 10_000

/** Why it does not; null: it does. */
export async function whyJoiningDoesNotPay(joining: JoiningCandidate): Promise<string | null> {
  const { ms, gain } = joining
  if (ms > SLOW_MS) return gain >= CLEAR_GAIN ? null : `predictions together give ${gain.toFixed(2)} times the answers at most`
  try {
    return await whyNotWhole(joining)
  } catch (error) {
    return `it could not be tried on the whole server (${firstLineOf(error)})`
  }
}

async function whyNotWhole(joining: JoiningCandidate): Promise<string | null> {
  const server = await askedServer(joining)
  const alone = { mostRows: 1, fewRows: 1, delayMs: 0, onGivenUp() {} }
  const joined = { ...joining.batches, onGivenUp() {} }
  try {
    await server.warmUp()
    return await judgeJoining((side) => server.turn(side === 0 ? alone : joined))
  } finally {
    await server.end()
  }
}

/** `answers`: a second, of one turn one by one (0) or joined (1). The first pair in which joining gains nothing ends it. */
export async function judgeJoining(answers: (side: 0 | 1) => Promise<number>): Promise<string | null> {
  const gainsNothing = ([alone, joined]: readonly [number, number]) => joined <= alone
  const pays = (pairs: Pairs) =>
    decide(
      pairs.map(([alone, joined]) => alone / joined),
      DECISION,
    ).verdict === 'faster'
  const pairs = await pairsInTurns(PAIRS.most, answers, (soFar) => gainsNothing(soFar.at(-1)!) || pays(soFar))
  if (gainsNothing(pairs.at(-1)!)) return inWords(pairs.slice(-1))
  return pays(pairs) ? null : inWords(pairs)
}

type Pairs = readonly (readonly [number, number])[]

function inWords(pairs: Pairs): string {
  const [alone, joined] = [0, 1].map((side) => Math.round(average(pairs.map((pair) => pair[side]!))))
  return `the whole server, asked as fast as it answers, gives ${joined} answers/s so and ${alone} one by one`
}

interface AskedServer {
  warmUp(): Promise<void>
  /** Answers a second, joined so. */
  turn(batching: Batching): Promise<number>
  end(): Promise<void>
}

/** The server on a port of its own, with a queue of its own, and clients that ask again once they have their answer. */
async function askedServer({ model, servers, requests, batches, ms }: JoiningCandidate): Promise<AskedServer> {
  const clients = Math.ceil((BATCHES_ASKED * batches.mostRows) / rowsOf(requests[0]!)!) * servers.length
  const dispatcher = createDispatcher(clients, nowMs)
  for (const server of servers) dispatcher.add(server)
  const { createMetrics } = await import('../../serve/metrics.ts')
  const metrics = createMetrics(model.name)
  const { server, serve } = createHttpServer()
  serve(servedBy({ model, dispatcher, metrics, workers: servers.length }))
  const asking = ask(targetOf(await listen(server), model.name, requests), clients)
  const turnMs = Math.max(TURN.leastMs, TURN.predictions * ms)
  const answers = () => metrics.counts().requests
  return {
    warmUp: () =>
      asking.during(async () => {
        dispatcher.join({ ...batches, onGivenUp() {} })
        const from = nowMs()
        while (answers() < WARM_UP.answers * clients && nowMs() - from < WARM_UP.mostMs) await sleep(10)
      }),
    turn: (batching) =>
      asking.during(async () => {
        dispatcher.join(batching)
        await sleep(CHANGE_SHARE * turnMs)
        const before = { answers: answers(), ms: nowMs() }
        await sleep(turnMs)
        return (1000 * (answers() - before.answers)) / (nowMs() - before.ms)
      }),
    async end() {
      await asking.end()
      server.close()
      server.closeAllConnections()
      await dispatcher.drain()
    },
  }
}

type Own = Pick<ServedModel, 'model' | 'dispatcher' | 'metrics'> & { readonly workers: number }

const servedBy = ({ workers, ...own }: Own): ServedModel => ({
  ...own,
  version: '',
  workers: { ready: () => workers, restarts: () => 0 },
  mostBodyBytes: MOST_BODY_BYTES,
  budget: createBodyBudget(MOST_BODY_BYTES),
  timeoutMs: null,
  codec: null,
  isReady: () => true,
  refused() {},
  log() {},
})

/** `during` rejects where the generator fails meanwhile. */
function ask(target: HttpTarget, clients: number) {
  const ended = new AbortController()
  const generator = runGenerator(
    target,
    { kind: 'closed', clients, lengthMs: MOST_MS, capacity: MOST_REQUESTS },
    { timeoutMs: TIMEOUT_MS, mostOutstanding: 2 * clients, seed: 1, signal: ended.signal },
  )
  const failed = new Promise<never>((_, reject) => {
    generator.catch(reject)
  })
  // Looked at only where it is waited for.
  failed.catch(() => {})
  return {
    during: <T>(work: () => Promise<T>): Promise<T> => Promise.race([work(), failed]),
    async end() {
      ended.abort()
      await Promise.allSettled([generator])
    },
  }
}

function targetOf(port: number, name: string, requests: JoiningCandidate['requests']): HttpTarget {
  const url = new URL(`http://127.0.0.1:${port}/v2/models/${encodeURIComponent(name)}/infer`)
  const { hostname } = url
  const encoded = requests.map((feeds) => encodeRequest({ url, method: 'POST', ...encodeInferRequest(feeds, true) }))
  return { kind: 'http', secure: false, hostname, address: hostname, port, method: 'POST', requests: encoded }
}

function listen(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
