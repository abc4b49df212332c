// Arithmetic on stretches of time: sorted lists of them that do not overlap.
import type { Interval } from './records.ts'

export const lengthOf = (some: readonly Interval[]): number => some.reduce((sum, { start, end }) => sum + end - start, 0)

const byStart = (a: Interval, b: Interval): number => a.start - b.start

/** The same time as a sorted list without overlaps. */
export function union(some: readonly Interval[]): Interval[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...some].sort(byStart)) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else if (end > start) merged.push({ start, end })
  }
  return merged
}

/** What of `some`, a union, is within the interval. */
export const clipIntervals = (some: readonly Interval[], { start, end }: Interval): Interval[] =>
  some.map((one) => ({ start: Math.max(one.start, start), end: Math.min(one.end, end) })).filter((one) => one.end > one.start)

/** What both unions have. */
export const common = (a: readonly Interval[], b: readonly Interval[]): Interval[] => a.flatMap((one) => clipIntervals(b, one))

/** The parts of `whole` that the union leaves. */
export function gaps(some: readonly Interval[], whole: Interval): Interval[] {
  const found: Interval[] = []
  let at = whole.start
  for (const { start, end } of clipIntervals(some, whole)) {
    if (start > at) found.push({ start: at, end: start })
    at = Math.max(at, end)
  }
  if (whole.end > at) found.push({ start: at, end: whole.end })
  return found
}

/** `a`, a union, without what the union `b` has. */
export const subtractIntervals = (a: readonly Interval[], b: readonly Interval[]): Interval[] => a.flatMap((one) => gaps(b, one))

/** The start of the unbroken stretch that ends at `at`: between two of the list, a union, is at most `slackMs`. Not before `least`. */
export function streakStart(some: readonly Interval[], at: number, least: number, slackMs: number): number {
  let start = at
  for (let k = lastBefore(some, at); k >= 0; k--) {
    const one = some[k]!
    if (one.end < start - slackMs || start <= least) break
    start = Math.min(start, one.start)
  }
  return Math.max(least, start)
}

/** The end of the unbroken stretch that goes on at `at`. */
export function streakEnd(some: readonly Interval[], at: number, slackMs: number): number {
  let end = at
  for (let k = Math.max(0, lastBefore(some, at)); k < some.length && some[k]!.start <= end + slackMs; k++)
    end = Math.max(end, some[k]!.end)
  return end
}

/** The last of a union that starts before `at`; -1: none. */
export function lastBefore(some: readonly Interval[], at: number): number {
  let [low, high] = [0, some.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (some[middle]!.start < at) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The intervals of a union that overlap the given one. */
export function overlappingIntervals<T extends Interval>(some: readonly T[], { start, end }: Interval): T[] {
  const found: T[] = []
  for (let k = lastBefore(some, end); k >= 0 && some[k]!.end > start; k--) found.push(some[k]!)
  return found.reverse()
}
