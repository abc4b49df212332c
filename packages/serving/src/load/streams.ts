// What the streams of one run say: time to the first token, time per token after it, prefix hits, and streams that wait while another prompt is read.
import { average, leastSamples, percentileOf, sortAscending } from '@whyslow/measure/statistics/index.ts'
import { timePerTokenOf, tokenCountOf } from '@whyslow/measure/streams/stream-times.ts'
import type { LoadGoodput, LoadStreams, LoadStreamTimes } from '@whyslow/report/documents/load-streams.ts'
import type { MeasuredRun } from './measured-run.ts'
import type { SentStream } from './stream-log.ts'
import { stallsOf } from './stream-stalls.ts'

interface Timed {
  readonly stream: SentStream
  readonly firstTokenMs: number
  readonly timePerTokenMs: number | null
  readonly tokens: number | null
  readonly by: LoadStreams['countedBy']
}

/** `run.streams` is there. `none`: why the run has no latencies, if it has none: the first token waits in the same queue. */
export function streamsOf(run: MeasuredRun, none: string | null = null): LoadStreams {
  const all = run.streams ?? []
  const measured = all.filter(({ request }) => request >= run.measuredFrom && request < run.sent)
  const timed = measured.map((stream) => timesOf(stream, run))
  const by = timed.find((one) => one.by !== null)?.by ?? null
  const tokens = timed.flatMap((one) => (one.tokens === null ? [] : [one.tokens]))
  const perToken = timed.flatMap(({ timePerTokenMs }) => (timePerTokenMs === null ? [] : [timePerTokenMs]))
  const seconds = (run.toMs - run.fromMs) / 1000
  const chunks = measured.reduce((sum, { times }) => sum + times.chunksMs.length, 0)
  const total = tokens.reduce((sum, one) => sum + one, 0)
  const isCounted = tokens.length === measured.length && measured.length > 0
  return {
    streams: measured.length,
    countedBy: by,
    firstTokenMs: none === null ? percentilesOf(timed.map(({ firstTokenMs }) => firstTokenMs)) : null,
    timePerTokenMs: percentilesOf(perToken),
    betweenChunksMs: percentilesOf(measured.flatMap(({ times }) => gapsOf(times.chunksMs))),
    tokensPerStream: tokens.length === 0 ? null : total / tokens.length,
    tokensPerChunk: isCounted && chunks > 0 ? total / chunks : null,
    tokensPerSecond: isCounted && seconds > 0 ? total / seconds : null,
    goodput: run.goodput === undefined ? null : goodputOf(timed, run, seconds),
    cachedShare: cachedShareOf(measured),
    repeatedShare: repeatedShareOf(all, measured),
    stalls: stallsOf(measured, all),
    reasons: {
      ...(none === null ? {} : { firstTokenMs: none }),
      ...(by === null && measured.length > 0 ? { timePerTokenMs: UNCOUNTED } : {}),
    },
  }
}

const UNCOUNTED = 'the server does not count the tokens of its streams, and chunks are not tokens'

function timesOf(stream: SentStream, { records, countTokens }: MeasuredRun): Timed {
  const { times, text, request } = stream
  const tokenized = text === null || countTokens === undefined ? null : countTokens(text.whole)
  const count = tokenCountOf(times, tokenized)
  // A tokenizer counts the first chunk, too.
  const whole = count?.by === 'tokenizer' ? { ...times, firstListed: Math.max(1, countTokens!(text!.first)) } : times
  return {
    stream,
    firstTokenMs: times.chunksMs[0]! - records.dueMs[request]!,
    timePerTokenMs: timePerTokenOf(whole, count),
    tokens: count?.tokens ?? null,
    by: count?.by ?? null,
  }
}

const gapsOf = (chunksMs: readonly number[]): number[] => chunksMs.slice(1).map((at, k) => at - chunksMs[k]!)

/** null: none. A percentile that too few values know is null. */
function percentilesOf(values: readonly number[]): LoadStreamTimes | null {
  if (values.length === 0) return null
  const sorted = sortAscending(Float64Array.from(values))
  const at = (share: number) => (sorted.length < leastSamples(share) ? null : percentileOf(sorted, share))
  return { values: values.length, mean: average(sorted), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1)! }
}

function goodputOf(timed: readonly Timed[], run: MeasuredRun, seconds: number): LoadGoodput {
  const { firstTokenMs, perTokenMs, text } = run.goodput!
  const isGood = (one: Timed) =>
    (firstTokenMs === null || one.firstTokenMs < firstTokenMs) &&
    // A stream of one chunk has no time per token: it keeps every bound of it.
    (perTokenMs === null || (one.timePerTokenMs === null ? one.tokens !== null : one.timePerTokenMs < perTokenMs))
  const good = timed.filter(isGood).length
  const requests = Math.max(0, run.sent - run.measuredFrom)
  return {
    bounds: text,
    firstTokenMs,
    timePerTokenMs: perTokenMs,
    good,
    share: requests === 0 ? 0 : good / requests,
    perSecond: seconds > 0 ? good / seconds : 0,
  }
}

/** Share of the prompts' tokens that the server says it had cached; null: it does not say. */
function cachedShareOf(streams: readonly SentStream[]): number | null {
  let [cached, prompt] = [0, 0]
  for (const { times } of streams) {
    const { usage } = times
    if (usage?.cachedTokens == null || usage.promptTokens == null) continue
    cached += usage.cachedTokens
    prompt += usage.promptTokens
  }
  return prompt === 0 ? null : cached / prompt
}

/** Share of the measured requests whose body was sent before, in the warm-up or after it. */
function repeatedShareOf(all: readonly SentStream[], measured: readonly SentStream[]): number {
  const first = new Map<number, number>()
  for (const { input, request } of all) first.set(input, Math.min(request, first.get(input) ?? request))
  return measured.length === 0 ? 0 : measured.filter(({ input, request }) => first.get(input)! < request).length / measured.length
}
