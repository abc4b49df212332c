// What a call costs apart from the model. Shared by the rules about calls.

import { verdictOf } from '@whyslow/measure/statistics/index.ts'
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
