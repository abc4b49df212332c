// What a call costs apart from the model. Shared by the rules about calls.

import { ms, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { CallCost } from '@whyslow/measure/timing/types.ts'
import type { NodeCosts } from '../analyze/costs.ts'
import type { OtherEngine } from '../evidence/evidence.ts'

/** Share of the latency from which the caller waits for the call and not for the model. */
const DOMINATES_SHARE = 0.5

/** Above 1 ms an engine's call (10 to 20 µs of it) is no longer the model's size but something odd about its inputs and outputs. */
const TINY_MS = 1

/** Code that was written for the model in place of an engine, where it predicts in less time; it pays no call. */
export const fasterGeneratedCode = (others: readonly OtherEngine[] = []): OtherEngine | undefined =>
  others.find(({ generated, ...ratio }) => generated === true && verdictOf(ratio) === 'faster')

/** True where the call costs more than the model. */
export function isTiny(callMs: number, p50Ms: number): boolean {
  return p50Ms < TINY_MS && callMs > DOMINATES_SHARE * p50Ms
}

/**
 * What of the p50 is surely the call's, ms: the low end of what an empty call took, and no more than the operators leave. An empty call is timed
 * apart from the p50, and comes out too long if other programs ran meanwhile.
 */
export function surelyCallMs(p50Ms: number, emptyLowMs: number, costs?: NodeCosts): number {
  const operatorsMs = costs?.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0) ?? 0
  return Math.max(0, Math.min(emptyLowMs, p50Ms - operatorsMs))
}

/** Rounds that differ by less are one time. */
const SAME_TIME = 1.1

/** What the empty model was seen to take, and why less of it is claimed. */
export function emptyModelTakes({ callMs, ciLowMs, ciHighMs }: CallCost, claimedMs: number): Sentence {
  const took =
    ciHighMs < SAME_TIME * ciLowMs
      ? ms('empty-call', callMs)
      : tell`${ms('empty-call-low', ciLowMs)} to ${ms('empty-call-high', ciHighMs)} from round to round`
  const rest = claimedMs < ciLowMs ? ', more than the operators leave of the p50' : ''
  return tell`an empty model with the same inputs and outputs takes ${took}${rest}`
}
