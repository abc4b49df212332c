// Which ticks of a scale have room for their labels.
import { isWithinMeasure } from '@whyslow/report/text/fix-answer.ts'

export interface Scale {
  (value: number): number
  ticks(count?: number): number[]
}

/** Least pixels between labels. */
const APART = 8

/** As many of the scale's own ticks as have room: on a log scale those at 1, 2 and 5 of each decade, or only at 1. */
export function fewTicks(scale: Scale, count: number, wide: (value: number) => number): number[] {
  const ticks = scale.ticks(count)
  const everyOther = (by: number) => ticks.filter((_, i) => i % by === 0)
  const sets = [ticks, ticks.filter(isRound(5)), ticks.filter(isRound(1)), everyOther(2), everyOther(4)]
  const fits = (set: readonly number[]) =>
    set.every((value, i) => {
      const next = set[i + 1]
      return next === undefined || Math.abs(scale(next) - scale(value)) >= (wide(value) + wide(next)) / 2 + APART
    })
  return sets.find((set) => set.length > 1 && fits(set)) ?? ticks.slice(0, 1)
}

/** How far an axis of ratios reaches from 1×, by all points, and by those intervals whose ends say something. */
export function ratioSpan(rows: readonly { ratio: number; low: number | null; high: number | null }[], least: number): number {
  const values = rows
    .flatMap(({ ratio, low, high }) => [
      ratio,
      ...(low !== null && high !== null && isWithinMeasure(low, high) ? [low, high] : []),
    ])
    .filter((value) => value > 0)
  return Math.max(least, ...values, ...values.map((value) => 1 / value))
}

const isRound = (digit: number) => (value: number) => {
  const first = Number(value.toExponential(3)[0])
  return first === 1 || (digit === 5 && (first === 2 || first === 5))
}
