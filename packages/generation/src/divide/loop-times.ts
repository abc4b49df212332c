// What the loop around the engine takes, from what calls report of themselves.
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { CallParts } from '../generator.ts'
import type { MeasuredCall } from '../measure/types.ts'
import type { LoopTimes } from './divide.ts'

type Call = Pick<MeasuredCall, 'parts' | 'newTokens' | 'garbageMs' | 'tokenizeMs'>

const middle = (calls: readonly Call[], of: (call: Call) => number | undefined | null): number | null =>
  medianOrNull(calls.map(of).filter((ms): ms is number => ms !== undefined && ms !== null))

/** Of one token: parts of a call are shared by all its tokens, but the engine's calls are told apart. */
function timesOf(calls: readonly Call[], runOf: (call: Call) => number | undefined | null): LoopTimes {
  const share = (part: keyof CallParts) => middle(calls, ({ parts, newTokens }) => over(parts[part], newTokens))
  return {
    runMs: middle(calls, runOf),
    feedsMs: share('feedsMs'),
    logitsMs: share('logitsMs'),
    processorsMs: share('processorsMs'),
    samplerMs: share('samplerMs'),
    detokenizeMs: share('detokenizeMs'),
    streamerMs: share('streamerMs'),
    garbageMs: middle(calls, ({ garbageMs, newTokens }) => over(garbageMs, newTokens)),
    tokenizeMs: middle(calls, ({ tokenizeMs }) => tokenizeMs),
  }
}

const over = (ms: number | undefined, tokens: number): number | undefined =>
  ms === undefined ? undefined : ms / Math.max(1, tokens)

export const tokenLoop = (calls: readonly Call[]): LoopTimes =>
  timesOf(calls, ({ parts, newTokens }) => over(parts.decodeRunMs, newTokens - 1))

export const firstTokenLoop = (calls: readonly Call[]): LoopTimes => timesOf(calls, ({ parts }) => parts.prefillRunMs)
