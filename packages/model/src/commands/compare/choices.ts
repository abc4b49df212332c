// What a comparison says to who has to choose: those that nobody beats in everything, and from which batch on another is faster.

import { type Axis, compareNumbers, paretoOf } from '@whyslow/measure/statistics/pareto.ts'
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import type { ComparisonDocument, Contestant as ContestantRow } from '@whyslow/report/documents/comparison.ts'
import { errorShare } from '@whyslow/report/text/comparison-sentences.ts'
import { breakEven } from '../../analyze/break-even.ts'
import { pairedOrder } from '../../analyze/ranking.ts'

export interface Candidate extends ContestantRow {
  /** Loss of its outputs compared with the first; null: not known. */
  readonly loss: number | null
}

export function plainPareto(
  candidates: readonly Candidate[],
  pairs: ComparisonDocument['pairs'],
  of: ComparisonDocument['of'],
): ComparisonDocument['pareto'] {
  const latency: Axis<Candidate> = {
    name: 'latency',
    compare: (x, y) => ({ faster: -1 as const, slower: 1 as const, 'no-difference': 0 as const })[pairedOrder(x.id, y.id, pairs)],
  }
  const start: Axis<Candidate> = { name: 'start', compare: (x, y) => compareNumbers(x.startMs, y.startMs) }
  const size: Axis<Candidate> = { name: 'size', compare: (x, y) => compareNumbers(x.sizeBytes, y.sizeBytes) }
  const metric = candidates.find((one) => one.metric !== null)?.metric?.name
  const sign = metric === 'accuracy' ? -1 : 1
  const signed = (one: Candidate) => (one.metric === null ? null : sign * one.metric.value)
  const quality: Axis<Candidate> =
    metric === undefined
      ? { name: 'agreement', compare: (x, y) => compareNumbers(x.loss, y.loss) }
      : { name: metric, compare: (x, y) => compareNumbers(signed(x), signed(y)) }
  // Engines that compute as the model says agree but for rounding; of those that choose a precision that is a matter of choice.
  const near: Axis<Candidate> = {
    name: 'agreement',
    compare: (x, y) => compareNumbers(errorShare(x.agreement), errorShare(y.agreement)),
  }
  const byEngine = candidates.some((one) => one.precision !== undefined) ? [latency, start, near] : [latency, start]
  return paretoOf(candidates, of === 'engines' ? byEngine : [latency, size, quality])
}

/** Batches from which another contestant is faster, for all pairs that were measured at several. */
export function breakEvens(
  contestants: readonly ContestantRow[],
  pairs: ComparisonDocument['pairs'],
): ComparisonDocument['breakEven'] {
  const sweepOf = ({ batches, fit }: ContestantRow): Sweep => ({
    dimension: 'batch',
    unit: 'samples',
    points: batches.map(({ batch, ...rest }) => ({ at: batch, ...rest })),
    fit: fit && { fixedMs: fit.fixedMs, perUnitMs: fit.perSampleMs },
    current: batches[0]?.batch ?? 1,
  })
  return contestants.flatMap((a, i) =>
    contestants.slice(i + 1).flatMap((b) => {
      const measured = pairs.filter((pair) => pair.a === a.id && pair.b === b.id)
      if (measured.length < 2) return []
      const found = breakEven(
        { id: a.id, sweep: sweepOf(a) },
        { id: b.id, sweep: sweepOf(b) },
        measured.map(({ batch, ...ratio }) => ({ batch, ratio })),
      )
      return [
        {
          a: a.id,
          b: b.id,
          small: found.winner?.small ?? null,
          large: found.winner?.large ?? null,
          fromBatch: found.from?.batch ?? null,
          basis: found.from?.basis ?? null,
          orders: found.orders,
        },
      ]
    }),
  )
}
