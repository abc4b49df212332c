// A latency in a cell, with its interval if it has one; '' if it is not known, and the reason is next to it.
import { time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'

export function timeCell(ms: number | null, lowMs: number | null, highMs: number | null): string {
  if (ms === null) return ''
  return lowMs === null || highMs === null ? time(ms) : timeWithInterval(ms, lowMs, highMs)
}
