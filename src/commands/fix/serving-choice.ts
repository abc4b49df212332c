// Which of the set-ups that were searched is shipped. Each was searched once, minutes apart: two that hold nearly the same rate are asked again
// in turns at the higher one, and of two that do equally well the simpler one is taken. One that joins requests must lose nothing by it at
// low load, or it is not taken.
import { isBetter } from '../../load/better.ts'
import { type Objective, parseObjective } from '../../load/objective.ts'
import type { LoadPoint } from '../../report/documents/load.ts'
import type { LoadSetup, Row } from './serving-types.ts'

/** Two searches of one set-up may differ by so much. */
const NEAR_SHARE = 0.9
/** Of each of two that are near. */
const RUNS = 2
/** Of the rate that holds: low load, and for how long a set-up is asked there. */
const LOW_SHARE = 0.2
const LOW_SECONDS = 10
/** Apart from those of the searches. */
const FIRST_SEED = 1001

export interface Choice {
  /** Its place; null: none holds. */
  readonly best: number | null
  /** With why those that hold as much were not taken. */
  readonly rows: readonly Row[]
}

export async function chooseServing(slo: string, searched: readonly Row[], run: LoadSetup): Promise<Choice> {
  const asking = { objective: parseObjective(slo), run }
  const rows = [...searched]
  const rateOf = (place: number) => rows[place]!.found!.ratePerSecond
  const because = (place: number, why: string | null) => {
    rows[place] = { ...rows[place]!, why }
  }
  const holding = rows.flatMap(({ found }, place) => (found === null ? [] : [place])).sort((a, b) => rateOf(b) - rateOf(a))
  for (let left = holding; left.length > 0; ) {
    const [first, second] = [left[0]!, left[1]]
    const isNear = second !== undefined && rateOf(second) >= NEAR_SHARE * rateOf(first)
    const best = isNear && !(await isBetterInTurns(rows[first]!, rows[second]!, asking)) ? second : first
    if (best !== first) because(first, 'asked in turns at that rate, the one that is served does as well')
    if (!(await losesAtLowLoad(rows[best]!, run))) {
      because(best, null)
      return { best, rows }
    }
    const low = Number((LOW_SHARE * rateOf(best)).toPrecision(3))
    because(best, `at ${low} requests/s answers come later than one by one`)
    left = left.filter((place) => place !== best)
  }
  // One that holds the objective and loses at low load is better than none.
  return { best: holding[0] ?? null, rows }
}

interface Asking {
  readonly objective: Objective
  readonly run: LoadSetup
}

/** Whether the first of two is to be taken: it does better in each of its runs, or in some and is simpler. */
async function isBetterInTurns(first: Row, second: Row, { objective, run }: Asking): Promise<boolean> {
  const rate = first.found!.ratePerSecond
  let wins = 0
  for (let k = 0; k < RUNS; k++) {
    const own = await pointOf(first, run, { rate, seed: FIRST_SEED + k })
    const other = await pointOf(second, run, { rate, seed: FIRST_SEED + k })
    if (tailOf(own, objective) < tailOf(other, objective)) wins++
  }
  return wins === RUNS || (wins > 0 && isSimpler(first, second))
}

/** With no delay, with no joining, with fewer workers. */
function isSimpler(one: Row, other: Row): boolean {
  const of = ({ maxBatch, batchDelayMs = 0, workers }: Row) => [batchDelayMs, Math.min(maxBatch, 2), workers]
  const [a, b] = [of(one), of(other)]
  const k = a.findIndex((value, place) => value !== b[place])
  return k < 0 || a[k]! < b[k]!
}

const PERCENTILES = [
  [0.5, 'p50Ms'],
  [0.9, 'p90Ms'],
  [0.95, 'p95Ms'],
  [0.99, 'p99Ms'],
  [1, 'p999Ms'],
] as const

/** The objective's percentile, or the next above it that a point has; the mean where the run was too short for it. */
function tailOf(point: LoadPoint, { share }: Objective): number {
  if (point.saturated) return Number.POSITIVE_INFINITY
  const name = share === null ? 'meanMs' : PERCENTILES.find(([most]) => share <= most)![1]
  return point[name] ?? point.meanMs ?? Number.POSITIVE_INFINITY
}

/** One by one is answered sooner than in both runs of it, intervals apart. */
async function losesAtLowLoad(row: Row, run: LoadSetup): Promise<boolean> {
  if (row.maxBatch === 1) return false
  const asked = { rate: LOW_SHARE * row.found!.ratePerSecond, seed: FIRST_SEED, seconds: LOW_SECONDS }
  const before = await pointOf(row, run, asked)
  const joinsNothing = (row.batchDelayMs ?? 0) === 0 && before.server?.meanTogether === 1
  if (joinsNothing) return false
  const { workers, threads } = row
  const point = await pointOf({ workers, threads, maxBatch: 1 }, run, asked)
  return isBetter({ before, point, after: await pointOf(row, run, asked) })
}

async function pointOf(
  row: Pick<Row, 'workers' | 'threads' | 'maxBatch'> & Partial<Row>,
  run: LoadSetup,
  { rate, ...length }: { readonly rate: number; readonly seed: number; readonly seconds?: number },
): Promise<LoadPoint> {
  const { workers, threads, maxBatch, fewRows = null, batchDelayMs = 0 } = row
  const { points } = await run({ workers, threads, maxBatch, batchDelayMs }, { fewRows, rates: [rate], ...length })
  return points[0]!
}
