// How the time of making text of a token grows over a call: a streamer that decodes a whole line again for each token takes longer at its end.
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Generation } from './generator.ts'

/** A tenth of fewer tokens is one or two, and their times are those of single tokens. */
const LEAST_TOKENS = 40

/** `ms`: of each token, in order. */
export function detokenizeTimes(ms: readonly number[]): Pick<Generation, 'detokenize'> {
  if (ms.length < LEAST_TOKENS) return {}
  const tenth = Math.floor(ms.length / 10)
  return { detokenize: { tokens: ms.length, earlyMs: median(ms.slice(0, tenth)), lateMs: median(ms.slice(-tenth)) } }
}
