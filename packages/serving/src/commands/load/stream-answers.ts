// Answers that are streams of text: how they are recognized, and what is to be said of their runs.

import { fieldsOf, jsonValue } from '@whyslow/graph/json.ts'
import { sharePercent } from '@whyslow/measure/statistics/numbers.ts'
import { readAnswer } from '@whyslow/measure/streams/stream-reader.ts'
import type { LoadPoint } from '@whyslow/report/documents/load.ts'

/** Server-sent events, or an object on each line, that hold text: more than the one message that an answer in one piece is. */
export const isStream = (body: Uint8Array): boolean => {
  const start = new TextDecoder().decode(body.subarray(0, 64)).trimStart()
  const isEvents = /^(data|event|id|retry)?:/.test(start)
  const pieces = isEvents || start.startsWith('{') ? readAnswer(body) : []
  return isEvents ? pieces.length > 0 : pieces.length > 1
}

/** Whether a request asks for one. */
export function asksForStream(body: Uint8Array): boolean {
  return fieldsOf(jsonValue(new TextDecoder().decode(body))).stream === true
}

export const streamText = (body: Uint8Array): string =>
  readAnswer(body)
    .map(({ text }) => text)
    .join('')

/** More of the requests than this repeat a prompt: the server may have it in its cache. */
const REPEATED = 0.1
/** A prefix cache that holds less of the prompts changes no time. */
const CACHED = 0.05

export function streamWarnings(points: readonly LoadPoint[]): readonly string[] {
  const streams = points.flatMap((point) => (point.streams === undefined || point.streams.streams === 0 ? [] : [point.streams]))
  const uncounted = streams.some(({ countedBy }) => countedBy === null)
  const warmest = streams.reduce<(typeof streams)[number] | null>(
    (most, one) => (most === null || (one.cachedShare ?? 0) > (most.cachedShare ?? 0) ? one : most),
    null,
  )
  const repeated = Math.max(0, ...streams.map(({ repeatedShare }) => repeatedShare))
  return [
    ...(uncounted
      ? [
          'the server does not count the tokens of its streams, and chunks are not tokens: time per token is unknown; add "stream_options": {"include_usage": true} to the body, or give --tokenizer',
        ]
      : []),
    ...(warmest === null ? [] : cacheWarning(repeated, warmest.cachedShare)),
  ]
}

function cacheWarning(repeated: number, cachedShare: number | null): string[] {
  const instead = 'give several --body with prompts of their own'
  if (cachedShare !== null && cachedShare > CACHED)
    return [
      `the server's prefix cache held ${sharePercent(cachedShare)} of the prompts' tokens: times to the first token are those of a warm cache; if your users' prompts differ, ${instead}`,
    ]
  if (repeated <= REPEATED || cachedShare !== null) return []
  return [
    `${sharePercent(repeated)} of the requests repeat a prompt, and the server does not report whether its prefix cache had it: times to the first token may be those of a warm cache; ${instead}`,
  ]
}
