// The watch document: means of the parts over requests, what they say in one sentence, and the command to type next. Pure.
import { basename } from 'node:path'
import { average, leastSamples, median, medianOrNull, tailOf } from '@whyslow/measure/statistics/index.ts'
import { percent, plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { WatchDocument, WatchModel, WatchPart, WatchPartId, WatchRequests } from '@whyslow/report/documents/watch.ts'
import { clipIntervals, lengthOf, union } from '../../watch/intervals.ts'
import type { ClientTimes, Partition, RequestParts } from '../../watch/partition.ts'
import type { SeenModel, WatchRecords } from '../../watch/records.ts'
import type { DriveResult } from './drive-port.ts'

export interface WatchResult {
  readonly seen: WatchRecords
  readonly parted: Partition
  /** What the client saw of requests, by their place. */
  readonly sent: ReadonlyMap<number, ClientTimes>
  readonly command: readonly string[]
  readonly url: string | null
  /** Flags of the requests that whyslow sent, for the command to type next. */
  readonly asked: readonly string[]
  readonly driven: DriveResult | null
  readonly machine: WatchDocument['machine']
  readonly seconds: number
  readonly ended: WatchDocument['ended']
  readonly warnings: readonly string[]
}

type Head = 'schema' | 'tool' | 'createdAt'

const NAMES: Readonly<Record<Exclude<WatchPartId, 'model'>, string>> = {
  code: 'your code',
  'event-loop': 'waiting for the thread',
  session: 'waiting for the model',
  other: 'waiting for anything else',
  transport: 'network and HTTP',
  unexplained: 'unexplained',
}

export function documentOf(watched: WatchResult): Omit<WatchDocument, Head> {
  const { seen, parted, sent, command, url, driven, machine, seconds, ended } = watched
  const judged = judgedOf(watched)
  const models = modelsOf(watched, judged)
  const { parts, ...shares } = partsOf(judged, models)
  const requests = { ...requestsOf(watched, judged), ...shares }
  const body = {
    command,
    url: driven?.shown ?? null,
    ratePerSecond: driven?.ratePerSecond ?? null,
    seconds,
    ended,
    machine: { cpu: machine.cpu, usableCpus: machine.usableCpus },
    processes: processesOf(seen),
    ports: [...new Set(seen.ports)],
    models,
    requests,
    parts,
    busyShare: busyShareOf(seen, judged),
  }
  return {
    answer: answerOf(body, watched),
    ...body,
    next: nextOf(body, watched.asked),
    warnings: [
      ...watched.warnings,
      ...(driven === null || driven.unanswered === 0
        ? []
        : [`${plural(driven.unanswered, 'request')} that whyslow sent got no answer: the numbers are of the others`]),
      ...(url !== null && sent.size < judged.length ? ['other requests arrived meanwhile, and the queue is theirs, too'] : []),
      ...(parted.byTime > 0
        ? [
            `${plural(parted.byTime, 'call')} of models ran in threads that know no request; each was given to the request that went on next`,
          ]
        : []),
      ...(seen.isFull ? ['a process wrote more than is kept: what came last was left out'] : []),
    ],
  }
}

type Body = Omit<WatchDocument, Head | 'answer' | 'next' | 'warnings'>

/** Requests of the client's measured part, or all; if any ran a model, those that did. */
function judgedOf({ parted, sent, url }: WatchResult): readonly RequestParts[] {
  const own = url === null || sent.size === 0 ? parted.requests : parted.requests.filter(({ request }) => sent.has(request))
  const withModels = own.filter(({ modelMs }) => modelMs.size > 0)
  return withModels.length > 0 ? withModels : own
}

function modelsOf({ seen, parted }: WatchResult, judged: readonly RequestParts[]): WatchModel[] {
  const isJudged = new Set(judged.map(({ request }) => request))
  return seen.models.map((model, at) => {
    const own = parted.calls.filter((call) => call.model === at)
    const within = own.filter(({ request }) => request !== null && isJudged.has(request))
    const { aloneMs, onLoop } = parted.models[at]!
    return {
      name: nameOf(model),
      ...model,
      calls: own.length,
      callsPerRequest: judged.length === 0 ? 0 : within.length / judged.length,
      p50Ms: medianOrNull(own.map(({ start, end }) => end - start)),
      aloneMs,
      onLoop,
    }
  })
}

const nameOf = ({ file, engine }: SeenModel): string => (file === null ? `a model of ${engine}` : basename(file))

type Parts = Pick<Body, 'parts'>['parts']

function partsOf(
  judged: readonly RequestParts[],
  models: readonly WatchModel[],
): { parts: Parts; slowestShare: number; typicalMs: number | null } {
  const sorted = [...judged].sort((a, b) => a.totalMs - b.totalMs)
  const slowestShare = sorted.length >= leastSamples(0.99) ? 0.01 : 0.1
  if (sorted.length === 0) return { parts: [], slowestShare, typicalMs: null }
  const typical = sorted.slice(Math.floor(0.4 * sorted.length), Math.max(1, Math.ceil(0.6 * sorted.length)))
  const slowest = sorted.slice(-Math.max(1, Math.round(slowestShare * sorted.length)))
  const whole = average(typical.map(({ totalMs }) => totalMs))
  const part = (id: WatchPartId, name: string, of: (one: RequestParts) => number): WatchPart => {
    const mean = (some: readonly RequestParts[]) => average(some.map(of))
    const timeMs = mean(typical)
    return { part: id, name, timeMs, share: whole === 0 ? 0 : timeMs / whole, meanMs: mean(sorted), slowestMs: mean(slowest) }
  }
  return {
    slowestShare,
    typicalMs: whole,
    parts: [
      ...models.map(({ name }, at) => part('model', name, ({ modelMs }) => modelMs.get(at) ?? 0)),
      part('code', NAMES.code, ({ codeMs }) => codeMs),
      part('event-loop', NAMES['event-loop'], ({ loopMs }) => loopMs),
      part('session', NAMES.session, ({ sessionMs }) => sessionMs),
      part('other', NAMES.other, ({ otherMs }) => otherMs),
      part('transport', NAMES.transport, ({ transportMs }) => transportMs),
      part('unexplained', NAMES.unexplained, ({ unexplainedMs }) => unexplainedMs),
    ],
  }
}

function requestsOf(
  { seen, sent }: WatchResult,
  judged: readonly RequestParts[],
): Omit<WatchRequests, 'slowestShare' | 'typicalMs'> {
  const latencies = judged.map(({ totalMs }) => totalMs)
  const { p90Ms, p99Ms } = tailOf(latencies)
  return {
    seen: seen.requests.length,
    unanswered: seen.requests.filter(({ end }) => end === null).length,
    failed: seen.requests.filter(({ status }) => (status ?? 0) >= 500).length,
    judged: judged.length,
    basis: sent.size > 0 ? 'client' : 'server',
    meanMs: latencies.length === 0 ? null : average(latencies),
    p50Ms: latencies.length === 0 ? null : median(latencies),
    p90Ms,
    p99Ms,
  }
}

function processesOf({ processes }: WatchRecords): Body['processes'] {
  const pids = [...new Set(processes.map(({ pid }) => pid))]
  return pids.map((pid) => {
    const own = processes.filter((one) => one.pid === pid)
    const { runtime, words } = own.find(({ thread }) => thread === 0) ?? own[0]!
    return { pid, runtime, threads: own.length, script: words[0] === undefined ? null : basename(words[0]) }
  })
}

/** Share of the time that the threads that read requests were busy, from the first request to the last. */
function busyShareOf({ requests, slices }: WatchRecords, judged: readonly RequestParts[]): number | null {
  const own = judged.map(({ request }) => requests[request]!)
  if (own.length === 0) return null
  const span = { start: Math.min(...own.map(({ start }) => start)), end: Math.max(...own.map(({ end }) => end!)) }
  const threads = [...new Set(own.map(({ thread }) => thread))]
  const shares = threads.map((thread) => {
    const busy = clipIntervals(union(slices.filter((slice) => slice.thread === thread)), span)
    return lengthOf(busy) / (span.end - span.start)
  })
  return shares.every((share) => share === 0) ? null : Math.max(...shares)
}

/** The parts that are one cause: all models are the model. */
function causes({ parts }: Body): { id: WatchPartId; timeMs: number }[] {
  const ids = [...new Set(parts.map(({ part }) => part))]
  return ids
    .map((id) => ({ id, timeMs: parts.filter(({ part }) => part === id).reduce((sum, { timeMs }) => sum + timeMs, 0) }))
    .sort((a, b) => b.timeMs - a.timeMs)
}

function answerOf(body: Body, { seen, parted }: WatchResult): string {
  const { requests, models, busyShare, seconds } = body
  if (requests.judged === 0) {
    const calls = parted.calls.reduce((sum, { start, end }) => sum + end - start, 0)
    const share = percent(calls / (1000 * seconds))
    if (parted.calls.length > 0)
      return `No HTTP request was answered; ${models.map(({ name }) => name).join(' and ')} ran for ${share} of the ${time(1000 * seconds)} that the program was watched.`
    return `No request was answered: ${plural(seen.requests.length, 'request')} arrived.`
  }
  const [first] = causes(body)
  const of = `${time(first!.timeMs)} of the ${time(requests.typicalMs!)} of a typical request`
  const busy = busyShare === null ? '' : `, which was busy for ${percent(busyShare)} of the time`
  const main = models.filter(({ callsPerRequest }) => callsPerRequest > 0)
  const onLoop = main.find((model) => model.onLoop === true)
  const msOf = (id: WatchPartId) => causes(body).find((cause) => cause.id === id)?.timeMs ?? 0
  const isCode = msOf('code') > msOf('model')
  const why = isCode
    ? `: your code runs on it for ${time(msOf('code'))} of each request`
    : onLoop === undefined
      ? ''
      : `: ${onLoop.name} computes on it, one request at a time`
  const words: Readonly<Record<WatchPartId, string>> = {
    model: `${of} are the model${main.length === 1 ? ` (${main[0]!.name})` : 's'}.`,
    code: `${of} are your code${main.length === 0 ? '; no model ran in it' : ', not the model'}.`,
    'event-loop': `${of} wait for the thread that answers${busy}${why}.`,
    session: `${of} wait until the model is free: it runs for other requests.`,
    other: `${of} wait for something other than the model and the thread: I/O, timers, other processes.`,
    transport: `${of} pass between client and server: network, HTTP, until the server takes the request.`,
    unexplained: `${of} are unexplained: whyslow does not see what the thread does there.`,
  }
  return words[first!.id]
}

/** The one command that looks closer at the largest part that there is a command for. */
function nextOf(body: Body, asked: readonly string[]): WatchDocument['next'] {
  const { models, url } = body
  const file = [...models].sort((a, b) => weight(b) - weight(a)).find(({ file }) => file !== null)?.file ?? null
  const script = scriptOf(body.command)
  const model = file === null ? null : { command: 'why', arguments: [file], why: 'why the model takes that long' }
  const load =
    url === null
      ? null
      : {
          command: 'load',
          arguments: ['load', url, ...asked, '--concurrency', '1,2,4,8'],
          why: 'how waiting grows with the number of clients',
        }
  const code =
    script === null
      ? null
      : { command: 'pipeline', arguments: ['pipeline', script], why: 'which lines of your code take that long' }
  const byCause: Readonly<Record<WatchPartId, WatchDocument['next']>> = {
    model,
    code: code ?? model,
    'event-loop': load ?? model,
    session: load ?? model,
    other: code ?? load,
    transport: load,
    unexplained: code ?? model,
  }
  const first = causes(body)[0]?.id
  return first === undefined ? model : byCause[first]
}

const weight = ({ calls, p50Ms }: WatchModel): number => calls * (p50Ms ?? 0)

/** The user's own file, as the command names it. */
function scriptOf(command: readonly string[]): string | null {
  const named = command.find((word) => /\.(m?[jt]s|c[jt]s|py)$/.test(word))
  if (named !== undefined) return named
  const app = command.slice(1).find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(word))
  if (app !== undefined) return `${app.split(':')[0]!.replaceAll('.', '/')}.py`
  return null
}
