// Which of two set-ups of a server is the simpler one, and whether one that joins requests loses by it at low load.

import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { isBetter } from '../../../load/compare-setups.ts'
import { LEAST_FOR_MEAN } from '../../../load/objective.ts'
import type { LoadSetup, Row } from './types.ts'

/** Low load, as a share of the rate that holds, and how long a set-up is measured there, longer if its mean would have no interval. */
const LOW_SHARE = 0.2
const LOW_SECONDS = { least: 6, most: 20 } as const
/** The start of a server, and the warm-up of a run. */
const EXTRA_SECONDS = 5
/** Apart from those of the searches. */
const SEED = 1001

/** Whether a set-up is simpler: it has less delay, joins fewer requests, or has fewer workers. */
export function isSimpler(one: Row, other: Row): boolean {
  const of = ({ maxBatch, batchDelayMs = 0, workers }: Row) => [batchDelayMs, Math.min(maxBatch, 2), workers]
  const [a, b] = [of(one), of(other)]
  const k = a.findIndex((value, place) => value !== b[place])
  return k < 0 || a[k]! < b[k]!
}

/** Rate of the low load at which a set-up that holds a rate is measured. */
export const lowRate = ({ found }: Row): number => LOW_SHARE * found!.ratePerSecond

const secondsOf = (row: Row): number =>
  Math.max(LOW_SECONDS.least, Math.min(LOW_SECONDS.most, (LEAST_FOR_MEAN + 1) / lowRate(row)))

/** Three runs. */
export const lowLoadSeconds = (row: Row): number => 3 * (secondsOf(row) + EXTRA_SECONDS)

/** One by one is answered sooner than in both runs of it, intervals apart. */
export async function losesAtLowLoad(row: Row, run: LoadSetup): Promise<boolean> {
  if (row.maxBatch === 1) return false
  const asked = { rate: lowRate(row), seed: SEED, seconds: secondsOf(row) }
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
  { rate, ...length }: { readonly rate: number; readonly seed: number; readonly seconds: number },
): Promise<LoadPoint> {
  const { workers, threads, maxBatch, fewRows = null, batchDelayMs = 0 } = row
  const { points } = await run({ workers, threads, maxBatch, batchDelayMs }, { fewRows, rates: [rate], ...length })
  return points[0]!
}
