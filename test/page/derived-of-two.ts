// What a page makes of the numbers of two documents, as derived-numbers.ts has it for one.
import { time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { factorRange } from '../../packages/report/web/src/format.ts'
import type { Derived } from './derived-numbers.ts'

export const OF_TWO: readonly Derived<readonly [ReportDocument, ReportDocument]>[] = [
  {
    what: 'the second median over the first, with what the two intervals leave open',
    on: ['answer'],
    words: ([{ latency: a }, { latency: b }]) =>
      a === null || b === null
        ? []
        : [
            factorRange(b.ciLowMs / a.ciHighMs, b.ciHighMs / a.ciLowMs),
            factorRange(a.ciLowMs / b.ciHighMs, a.ciHighMs / b.ciLowMs),
          ],
  },
  {
    what: 'after - before of an operator, a stage or a line: of those of one name, in the order in which they run',
    on: ['operators-beside', 'stages-beside', 'lines-beside'],
    words: ([before, after]) => [
      ...changes(before.nodes, after.nodes, ({ origin, name }) => origin[0] ?? name),
      ...changes(before.stages ?? [], after.stages ?? [], ({ name }) => name),
      ...changes(before.lines ?? [], after.lines ?? [], ({ file, line }) => `${file}:${line}`),
    ],
  },
]

function changes<T extends { readonly timeMs: number }>(
  before: readonly T[],
  after: readonly T[],
  key: (one: T) => string,
): string[] {
  const left = new Map<string, number[]>()
  for (const one of before) left.set(key(one), [...(left.get(key(one)) ?? []), one.timeMs])
  const come = after.map((one) => one.timeMs - (left.get(key(one))?.shift() ?? 0))
  return [...come, ...[...left.values()].flat().map((ms) => -ms)].map(time)
}

export const OF_TWO_COMPARISONS: readonly Derived<readonly [ComparisonDocument, ComparisonDocument]>[] = [
  {
    what: 'after - before of a contestant',
    on: ['each-beside'],
    words: ([before, after]) => {
      const timed = ({ contestants }: ComparisonDocument) =>
        contestants.flatMap(({ id, p50Ms }) => (p50Ms === null ? [] : [{ id, timeMs: p50Ms }]))
      return changes(timed(before), timed(after), ({ id }) => id)
    },
  },
]

export const OF_TWO_LOADS: readonly Derived<readonly [LoadDocument, LoadDocument]>[] = [
  {
    what: 'of the runs of one rate the middle one, with an interval that holds those of all; and after - before',
    on: ['rates-beside', 'curve-beside'],
    words: ([before, after]) =>
      (['p50Ms', 'p90Ms', 'p99Ms'] as const).flatMap((key) => {
        const [first, second] = [middleRuns(before, key), middleRuns(after, key)]
        const intervals = [...first, ...second].flatMap(({ timeMs, lows, highs }) =>
          [...lows, ...highs].includes(null)
            ? []
            : [timeWithInterval(timeMs, Math.min(...lows.map(Number)), Math.max(...highs.map(Number)))],
        )
        return [...intervals, ...changes(first, second, ({ asked }) => asked)]
      }),
  },
]

function middleRuns({ points }: LoadDocument, key: 'p50Ms' | 'p90Ms' | 'p99Ms') {
  const asked = [...new Set(points.map(({ offeredPerSecond }) => offeredPerSecond))]
  return asked.flatMap((rate_) => {
    const runs = points
      .filter((point) => point.offeredPerSecond === rate_ && point[key] !== null)
      .sort((a, b) => a[key]! - b[key]!)
    if (runs.length === 0) return []
    const ends = (end: 'low' | 'high') => runs.map(({ intervals }) => intervals[key]?.[end] ?? null)
    const timeMs = runs[Math.floor((runs.length - 1) / 2)]![key]!
    return [{ asked: String(rate_), timeMs, lows: ends('low'), highs: ends('high') }]
  })
}
