// What exact remedies are expected to give, before the whole model is tried, and next to it what it came to.

import { time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportEstimate } from '../documents/report.ts'

type Foretold = ReportEstimate

const MOST_NAMED = 3

/** 'a, b and c'; 'a, b, c and 2 more'. */
export function listOf(words: readonly string[], most = MOST_NAMED): string {
  if (words.length > most) return `${words.slice(0, most).join(', ')} and ${words.length - most} more`
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

export const predictedTime = ({ ms, low, high }: Foretold): string => timeWithInterval(ms, low, high)

/** undefined if nothing was estimated, or if what was fixed is not the time of a prediction. */
export function estimateAgainstResult({ foretold: estimate, fix }: ReportDocument): string | undefined {
  if (!estimate || estimate.remedies.length === 0 || !fix || fix.goal !== 'latency') return undefined
  const came = fix.proven ? `measured: ${time(fix.before - fix.after)} saved by ${listOf(fix.kept)}` : 'measured: nothing proven'
  const from = estimate.onWhole ? 'the model and its operators' : 'operators alone'
  return `Estimated from ${from}: ${predictedTime(estimate)} saved by ${listOf(estimate.remedies)}; ${came}.`
}
