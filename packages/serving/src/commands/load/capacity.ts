// What a server answers at most, from a short run of clients that wait for their answers. Answers come in lumps of as many rows as all workers
// predict at once, so that a run may miss one lump more or less; a run that ends before the first answer is made longer.
import type { LoadPoint, LoadSetup } from '@whyslow/report/documents/load.ts'

/** The first run, and each where the one before had no answer. */
const LENGTHS = [1.5, 6, 24] as const
/** How far off the known rate of answers may be, as a factor, apart from the lumps. */
const NOISE = 1.05

type Setup = Pick<LoadSetup, 'workers' | 'maxBatch' | 'queueLimit'>

/** Two batches for each worker: one is predicted, one waits. */
export const clientsFor = ({ workers, maxBatch, queueLimit }: Setup): number =>
  Math.max(2 * workers, Math.min(queueLimit, 2 * workers * maxBatch))

export interface Capacity {
  /** 0: not one. */
  readonly answersPerSecond: number
  /** Measured, of the last run. */
  readonly seconds: number
}

/** `hasTimeFor`: whether another run of that length fits. */
export async function capacityOf(
  run: (seconds: number) => Promise<Pick<LoadPoint, 'achievedPerSecond'>>,
  hasTimeFor: (seconds: number) => boolean,
): Promise<Capacity> {
  let seconds: number = LENGTHS[0]
  let answersPerSecond = (await run(seconds)).achievedPerSecond
  for (const longer of LENGTHS.slice(1)) {
    if (answersPerSecond > 0 || !hasTimeFor(longer)) break
    seconds = longer
    answersPerSecond = (await run(seconds)).achievedPerSecond
  }
  return { answersPerSecond, seconds }
}

/** What it may answer, as far as that run can tell. */
export const possiblePerSecond = ({ answersPerSecond, seconds }: Capacity, { workers, maxBatch }: Setup): number =>
  NOISE * answersPerSecond + (workers * maxBatch) / seconds
