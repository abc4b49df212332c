// What the loop around the engine takes, from what calls report of themselves.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { CallParts } from '../generator.ts'
import type { MeasuredCall, PrefillTimes } from '../measure/types.ts'
import type { LoopTimes } from './divide.ts'

type Call = Pick<MeasuredCall, 'parts' | 'newTokens' | 'firstGarbageMs' | 'garbageMs' | 'tokenizeMs'>

const middle = (calls: readonly Call[], of: (call: Call) => number | undefined | null): number | null =>
  medianOrNull(calls.map(of).filter((ms): ms is number => ms !== undefined && ms !== null))

/** Parts of a call are shared by all its tokens, but what feeding the prompt took is distinguished if it was timed. */
interface Sharing {
  readonly runOf: (call: Call) => number | undefined | null
  readonly garbageOf: (call: Call) => number | undefined
  readonly share: (ms: number, part: 'feedsMs' | 'logitsMs' | 'other', newTokens: number) => number
}

function timesOf(calls: readonly Call[], { runOf, garbageOf, share }: Sharing): LoopTimes {
  const each = (part: keyof CallParts) =>
    middle(calls, ({ parts, newTokens }) => {
      const ms = parts[part]
      return ms === undefined || newTokens === null
        ? undefined
        : share(ms, part === 'feedsMs' || part === 'logitsMs' ? part : 'other', newTokens)
    })
  return {
    runMs: middle(calls, runOf),
    feedsMs: each('feedsMs'),
    logitsMs: each('logitsMs'),
    processorsMs: each('processorsMs'),
    samplerMs: each('samplerMs'),
    detokenizeMs: each('detokenizeMs'),
    streamerMs: each('streamerMs'),
    garbageMs: middle(calls, garbageOf),
    tokenizeMs: middle(calls, ({ tokenizeMs }) => tokenizeMs),
    featuresMs: middle(calls, ({ parts }) => parts.featuresMs),
    encoderMs: middle(calls, ({ parts }) => parts.encoderMs),
  }
}

const ofPrompt = (prefill: readonly PrefillTimes[], part: 'feedsMs' | 'logitsMs'): number | null =>
  medianOrNull(prefill.flatMap((one) => one[part] ?? []))

/** What a token after the first takes. */
export function tokenLoop(calls: readonly Call[], prefill: readonly PrefillTimes[]): LoopTimes {
  return timesOf(calls, {
    runOf: ({ parts, newTokens }) => over(parts.decodeRunMs, newTokens),
    garbageOf: ({ garbageMs, newTokens }) => over(garbageMs, newTokens),
    share: (ms, part, newTokens) => {
      const first = part === 'other' ? null : ofPrompt(prefill, part)
      return first === null ? ms / Math.max(1, newTokens) : Math.max(0, ms - first) / Math.max(1, newTokens - 1)
    },
  })
}

export function firstTokenLoop(calls: readonly Call[], prefill: readonly PrefillTimes[]): LoopTimes {
  return timesOf(calls, {
    runOf: ({ parts }) => parts.prefillRunMs,
    garbageOf: ({ firstGarbageMs }) => firstGarbageMs,
    share: (ms, part, newTokens) => (part === 'other' ? null : ofPrompt(prefill, part)) ?? ms / Math.max(1, newTokens),
  })
}

/** The share of each token after the first. */
const over = (ms: number | undefined, newTokens: number | null): number | undefined =>
  ms === undefined || newTokens === null ? undefined : ms / Math.max(1, newTokens - 1)
