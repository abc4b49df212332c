// What the times of a report are parts of: the median, or what another tool recorded.
import { windowName } from '@whyslow/report/text/trace-answer.ts'
import { time } from './format.ts'
import type { Report } from './page-data.ts'

/** 'the median', 'a step', 'the recording'. */
export function wholeOf({ latency, trace }: Report): string {
  if (latency !== null) return 'the median'
  return trace ? windowName(trace) : 'the operators'
}

/** Recording slows a run: without a latency that was given, its milliseconds are those of the recorded run alone. */
export const isSlowed = ({ latency, trace }: Report): boolean => latency === null && trace != null && trace.latencyMs === null

/** ms of the whole; null if it is not known. */
export const wholeMs = ({ latency, trace }: Report): number | null => latency?.p50Ms ?? trace?.judged?.stepMs ?? null

/** 'the median, 41.2 ms' */
export function wholeWithTime(report: Report): string {
  const [of, ms] = [wholeOf(report), wholeMs(report)]
  if (ms === null || report.trace?.latencyMs != null) return of
  return `${of}, ${time(ms)}${isSlowed(report) ? ' as recorded' : ''}`
}
