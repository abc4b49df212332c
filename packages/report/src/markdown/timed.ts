// A latency in a cell, with its interval where it has one; '' where it is not known, and beside it stands why.
import { time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'

export function timeCell(ms: number | null, lowMs: number | null, highMs: number | null): string {
  if (ms === null) return ''
  return lowMs === null || highMs === null ? time(ms) : timeWithInterval(ms, lowMs, highMs)
}
