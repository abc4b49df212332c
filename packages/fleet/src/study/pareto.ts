// Of all models on all machines: what no other beats in everything that is known of both. Latency and throughput by their intervals, so that what
// cannot be distinguished does not beat.

import { type Axis, compareNumbers, paretoOf } from '@whyslow/measure/statistics/pareto.ts'
import type { StudyCell, StudyDocument, StudyPlace, StudyRow } from '@whyslow/report/documents/study.ts'

type Pareto = NonNullable<StudyDocument['table']['pareto']>

interface Placed {
  readonly id: string
  readonly place: StudyPlace
  readonly cell: StudyCell
  readonly batch: number
}

/** null: fewer than two places were measured. */
export function studyPareto(rows: readonly StudyRow[]): Pareto | null {
  const placed = rows.flatMap(({ batch, cells }, row) =>
    cells.flatMap((cell): Placed[] => {
      const place = { row, machine: cell.machine }
      return cell.p50Ms === null ? [] : [{ id: `${row} ${cell.machine}`, place, cell, batch: batch ?? 1 }]
    }),
  )
  if (placed.length < 2) return null
  const { axes, front, dominated } = paretoOf(placed, axesOf(placed))
  const placeOf = new Map(placed.map(({ id, place }) => [id, place]))
  return {
    axes,
    front: front.map((id) => placeOf.get(id)!),
    dominated: dominated.map(({ id, by }) => ({ place: placeOf.get(id)!, by: placeOf.get(by)! })),
  }
}

function axesOf(placed: readonly Placed[]): Axis<Placed>[] {
  const latency: Axis<Placed> = { name: 'latency', compare: (x, y) => compareIntervals(timesOf(x.cell, 1), timesOf(y.cell, 1)) }
  const priced = placed.every(({ cell }) => cell.costPerMillion !== null)
  // What a million costs is time by price: it is as uncertain as the time.
  const scaleOf = ({ cell, batch }: Placed) => (priced ? cell.costPerMillion! / cell.p50Ms! : 1 / batch)
  const samples: Axis<Placed> = {
    name: priced ? 'a million' : 'samples/s',
    compare: (x, y) => compareIntervals(timesOf(x.cell, scaleOf(x)), timesOf(y.cell, scaleOf(y))),
  }
  const name = placed.find(({ cell }) => cell.metric != null)?.cell.metric?.name
  if (name === undefined) return [latency, samples]
  const sign = name === 'accuracy' ? -1 : 1
  const lossOf = ({ cell: { metric } }: Placed) => (metric != null && metric.name === name ? sign * metric.value : null)
  return [latency, samples, { name, compare: (x, y) => compareNumbers(lossOf(x), lossOf(y)) }]
}

interface Times {
  readonly low: number
  readonly high: number
}

/** Times of a cell that was measured. */
export const timesOf = ({ ciLowMs, ciHighMs }: StudyCell, scale: number): Times => ({
  low: ciLowMs! * scale,
  high: ciHighMs! * scale,
})

/** 0: their intervals meet. */
export const compareIntervals = (x: Times, y: Times): -1 | 0 | 1 => (x.high < y.low ? -1 : y.high < x.low ? 1 : 0)
