// What a request's time was spent on, from what the hooks saw: parts that add up to it. docs/watch.md says what each part is, and what cannot
// be known.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import {
  clipIntervals,
  common,
  gaps,
  lengthOf,
  overlappingIntervals,
  streakEnd,
  streakStart,
  subtractIntervals,
  union,
} from './intervals.ts'
import type { Interval, SeenCall, SeenRequest, WatchRecords } from './records.ts'

/** As a client saw it, on the same clock. */
export interface ClientTimes {
  readonly sent: number
  readonly done: number
}

export interface RequestParts {
  /** Place in `requests`. */
  readonly request: number
  readonly totalMs: number
  /** Time of each model, ms, keyed by place in `models`. */
  readonly modelMs: ReadonlyMap<number, number>
  readonly codeMs: number
  /** Ready, or about to be read, while its thread ran other code. */
  readonly loopMs: number
  /** Its model ran for others. */
  readonly sessionMs: number
  /** For none of these: I/O, timers, other processes and threads. */
  readonly otherMs: number
  /** Between client and server; 0 if no client was seen. */
  readonly transportMs: number
  readonly unexplainedMs: number
}

export interface ModelRuns {
  readonly calls: number
  /** Alone in its process; null: too few calls were. */
  readonly aloneMs: number | null
  /** Whether it computes on the thread that calls it. null: too little was seen. */
  readonly onLoop: boolean | null
}

export interface Partition {
  readonly requests: readonly RequestParts[]
  readonly models: readonly ModelRuns[]
  readonly calls: readonly SeenCall[]
  /** Calls that ran in no request's context, given to a request by their time. */
  readonly byTime: number
}

/** Between two callbacks of a busy loop there is less, ms. */
const SLACK_MS = 0.15
/** A message to another thread or process and back takes up to this long, ms. */
const MESSAGE_MS = 2
const LEAST_ALONE = 3

/** `sent`: by place in `requests`. */
export function partition(seen: WatchRecords, sent: ReadonlyMap<number, ClientTimes> = new Map()): Partition {
  const busy = busyThreads(seen)
  const owned = ownSlices(seen)
  const { calls, byTime } = attributed(seen, owned)
  const crowd = crowdOf(calls)
  const models = modelRuns(seen, { calls, owned, busy, crowd })
  const callsOf = groupBy(calls, ({ request }) => request)
  const requests = seen.requests.flatMap((request, at) => {
    if (request.end === null) return []
    const whole = { ...request, end: request.end }
    const given: Given = {
      request: whole,
      own: owned.get(at)?.slices ?? [],
      cpuMs: owned.get(at)?.cpuMs ?? 0,
      calls: callsOf.get(at) ?? [],
      others: subtractIntervals(overlappingIntervals(busy.get(request.thread) ?? [], whole), owned.get(at)?.slices ?? []),
      models,
      crowd,
      hasSlices: busy.has(request.thread),
    }
    return [withClient({ ...partsOf(given), request: at }, whole, busy.get(request.thread) ?? [], sent.get(at))]
  })
  return { requests, models, calls, byTime }
}

interface Owned {
  readonly slices: readonly Interval[]
  /** As long as they are, unless somebody looked. */
  readonly cpuMs: number
}

interface Given {
  readonly request: SeenRequest & Interval
  readonly own: readonly Interval[]
  readonly cpuMs: number
  readonly calls: readonly SeenCall[]
  /** Its thread runs other code. */
  readonly others: readonly Interval[]
  readonly models: readonly ModelRuns[]
  readonly crowd: Crowd
  readonly hasSlices: boolean
}

type ServerParts = Omit<RequestParts, 'request' | 'totalMs' | 'transportMs'>

function partsOf({ request, own: all, cpuMs, calls, others, models, crowd, hasSlices }: Given): ServerParts {
  const own = clipIntervals(all, request)
  const modelMs = new Map<number, number>()
  let taken: Interval[] = []
  let sessionMs = 0
  const waits: Interval[] = []
  // Had it been ready before the loop was idle, it would have gone on then.
  for (const { start, end } of gaps(own, request)) waits.push({ start: streakStart(others, end, start, SLACK_MS), end })
  let loop = union(waits.filter(({ start, end }) => end > start))
  for (const call of [...calls].sort((a, b) => a.start - b.start)) {
    const { aloneMs } = models[call.model]!
    const onLoop = models[call.model]!.onLoop === true && call.thread === request.thread
    const free = subtractIntervals(clipIntervals([call], request), taken)
    // On the thread that calls it, a model runs when the request's code does.
    const inWait = onLoop ? subtractIntervals(free, own) : common(free, loop)
    if (onLoop) loop = union([...loop, ...inWait])
    const outside = subtractIntervals(free, inWait)
    // Of an engine that computes elsewhere, the call may have gone on while the thread was busy: as long as it takes alone.
    const owed = onLoop ? 0 : Math.max(0, Math.min(lengthOf(inWait), (aloneMs ?? Infinity) - lengthOf(outside)))
    const ran = lengthOf(outside) + owed
    const shared = onLoop || aloneMs === null ? 0 : Math.min(Math.max(0, ran - aloneMs), lengthOf(common(free, crowd.near(call))))
    sessionMs += shared
    modelMs.set(call.model, (modelMs.get(call.model) ?? 0) + ran - shared)
    taken = union([...taken, ...outside, ...firstOf(inWait, owed)])
  }
  const loopMs = lengthOf(subtractIntervals(loop, taken))
  const code = lengthOf(subtractIntervals(own, taken))
  const codeMs = Math.min(code, cpuMs)
  const rest = subtractIntervals(gaps(union([...own, ...loop]), request), taken)
  // Until its call began, the model ran for others.
  const queued = union(
    calls.flatMap((call) =>
      call.thread === request.thread && models[call.model]!.onLoop === true
        ? []
        : queuedBefore(call, crowd.all(call), Math.max(MESSAGE_MS, (models[call.model]!.aloneMs ?? 0) / 2)),
    ),
  )
  const queuedMs = lengthOf(common(rest, queued))
  const restMs = lengthOf(rest) - queuedMs + code - codeMs
  return {
    modelMs,
    codeMs,
    loopMs,
    sessionMs: sessionMs + queuedMs,
    otherMs: hasSlices ? restMs : 0,
    unexplainedMs: hasSlices ? 0 : restMs,
  }
}

function queuedBefore({ start }: SeenCall, crowd: readonly Interval[], slackMs: number): Interval[] {
  const from = streakStart(crowd, start, -Infinity, slackMs)
  return from < start ? [{ start: from, end: start }] : []
}

/** The first `ms` of a union. */
function firstOf(some: readonly Interval[], ms: number): Interval[] {
  let left = ms
  return some.flatMap(({ start, end }) => {
    const took = Math.min(left, end - start)
    left -= took
    return took > 0 ? [{ start, end: start + took }] : []
  })
}

/** What stands before and after the server's part of it: until it was read, while its thread was busy, and the way. */
function withClient(
  parts: ServerParts & { readonly request: number },
  request: Interval,
  busy: readonly Interval[],
  client: ClientTimes | undefined,
): RequestParts {
  if (client === undefined) return { ...parts, totalMs: request.end - request.start, transportMs: 0 }
  const unreadMs = request.start - streakStart(busy, request.start, Math.min(client.sent, request.start), SLACK_MS)
  // An answer that is finished leaves when the thread is free.
  const unsentMs = Math.min(client.done, streakEnd(busy, request.end, SLACK_MS)) - request.end
  const waitedMs = unreadMs + Math.max(0, unsentMs)
  const totalMs = client.done - client.sent
  const transportMs = totalMs - (request.end - request.start) - waitedMs
  return { ...parts, totalMs, loopMs: parts.loopMs + waitedMs, transportMs }
}

/** For each thread, when it runs code. */
function busyThreads({ slices }: WatchRecords): Map<string, Interval[]> {
  const all = groupBy(slices, ({ thread }) => thread)
  return new Map([...all].map(([thread, some]) => [thread, union(some)]))
}

function ownSlices({ slices }: WatchRecords): Map<number, Owned> {
  const all = groupBy(
    slices.filter(({ request }) => request !== null),
    ({ request }) => request!,
  )
  return new Map(
    [...all].map(([request, some]) => {
      const cpuMs = some.reduce((sum, { start, end, cpu }) => sum + (cpu ?? end - start), 0)
      return [request, { slices: union(some), cpuMs }]
    }),
  )
}

/** Calls in worker threads and pools run in no request's context: each is that request's which waits, and goes on first once it is done. */
function attributed({ calls, requests }: WatchRecords, owned: ReadonlyMap<number, Owned>): { calls: SeenCall[]; byTime: number } {
  const ended = requests
    .flatMap(({ start, end }, at) => (end === null ? [] : [{ start, end, at }]))
    .sort((a, b) => a.start - b.start)
  const longestMs = Math.max(0, ...ended.map(({ start, end }) => end - start))
  /** When the last of its calls ended. */
  const until = new Map<number, number>()
  let byTime = 0
  const given = [...calls]
    .sort((a, b) => a.end - b.end)
    .map((call) => {
      if (call.request !== null) return call
      let best: { at: number; next: number } | null = null
      for (const { start, end, at } of ended) {
        if (start < call.end - longestMs) continue
        if (start > call.start) break
        if (end < call.end || (until.get(at) ?? 0) > call.start) continue
        const own = owned.get(at)?.slices ?? []
        if (overlappingIntervals(own, call).length > 0 && lengthOf(common(own, [call])) > (call.end - call.start) / 2) continue
        const next = own.find((one) => one.start >= call.end - SLACK_MS)?.start ?? end
        if (best === null || next < best.next) best = { at, next }
      }
      if (best === null) return call
      byTime++
      until.set(best.at, call.end)
      return { ...call, request: best.at }
    })
  return { calls: given, byTime }
}

interface Crowd {
  /** When other calls of the model ran in the process, near to the call. */
  near(call: SeenCall): readonly Interval[]
  /** When any call of the model ran in the process. */
  all(call: SeenCall): readonly Interval[]
}

function crowdOf(calls: readonly SeenCall[]): Crowd {
  const byPlace = groupBy(calls, placeOf)
  const unions = new Map([...byPlace].map(([place, some]) => [place, union(some)]))
  for (const some of byPlace.values()) some.sort((a, b) => a.start - b.start)
  return {
    near(call) {
      const some = byPlace.get(placeOf(call))!
      const at = some.indexOf(call)
      return union(some.slice(Math.max(0, at - NEAR), at + NEAR).filter((one) => one !== call))
    },
    all: (call) => unions.get(placeOf(call))!,
  }
}

/** Neighbours in time that are looked at. */
const NEAR = 64
const placeOf = ({ process, model }: SeenCall): string => `${process} ${model}`

interface Known {
  readonly calls: readonly SeenCall[]
  readonly owned: ReadonlyMap<number, Owned>
  readonly busy: ReadonlyMap<string, readonly Interval[]>
  readonly crowd: Crowd
}

function modelRuns({ models, requests }: WatchRecords, { calls, owned, busy, crowd }: Known): ModelRuns[] {
  return models.map((_, model) => {
    const some = calls.filter((call) => call.model === model)
    const alone: number[] = []
    let [onMs, offMs] = [0, 0]
    for (const call of some) {
      const runs = clipIntervals(overlappingIntervals(busy.get(call.thread) ?? [], call), call)
      // In a thread that knows no request, what runs is the call.
      const isRequests = call.request !== null && requests[call.request]!.thread === call.thread
      const own = isRequests ? common(runs, overlappingIntervals(owned.get(call.request!)?.slices ?? [], call)) : runs
      const othersMs = lengthOf(subtractIntervals(runs, own))
      const tookMs = call.end - call.start
      if (busy.has(call.thread)) {
        onMs += lengthOf(own)
        offMs += Math.max(0, tookMs - lengthOf(own) - othersMs)
      }
      if (lengthOf(clipIntervals(crowd.near(call), call)) === 0 && othersMs < tookMs / 20) alone.push(tookMs)
    }
    return {
      calls: some.length,
      aloneMs: alone.length < LEAST_ALONE ? null : medianOrNull(alone),
      onLoop: onMs + offMs === 0 ? null : onMs > offMs,
    }
  })
}

function groupBy<T, K>(some: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of some) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}
