// The one loop around predictions: warm-up, then samples, each of them kept, on a clock that is handed in. It runs in trials' processes and
// in a browser's page alike.
import type { LeastRuns, PreparedRun, SamplePlan } from './types.ts'

/** ms, from any start. */
export type Clock = () => number

/** This process's own; tests hand in a scripted one. */
export const processClock: Clock = () => performance.now()

/** Does one prediction, the `k`-th of its kind, and gives its time, ms. */
export type TimedRun = (k: number) => Promise<number>

export interface SamplerPlan extends Omit<SamplePlan, 'capMs' | 'maxSamples'> {
  /** Absent: as many as the time allows. */
  readonly maxSamples?: number
  /** True once time is short: one warm-up and three samples do. */
  readonly isLate?: () => boolean
  /** Asked from 256 samples on, at each doubling: true ends it. */
  readonly isEnough?: (samplesMs: readonly number[], wallMs: number) => boolean
}

export interface Samples {
  readonly warmupMs: number
  readonly warmupRuns: number
  readonly samplesMs: readonly number[]
  /** Duration of the sampling, ms. */
  readonly wallMs: number
}

/** For a trial that is capped, if predictions are slow. */
const LEAST_WHEN_LATE: LeastRuns = { warmup: 1, samples: 3 }
const FIRST_LOOK = 256

/** Prepared predictions in turn, a clock around each. */
export const timeEachRun =
  (runs: readonly PreparedRun[], now: Clock): TimedRun =>
  async (k) => {
    const run = runs[k % runs.length]!
    const start = now()
    await run()
    return now() - start
  }

export async function takeSamples(run: TimedRun, plan: SamplerPlan, now: Clock): Promise<Samples> {
  const { least, ...warm } = await warmUp(run, plan, now)
  return { ...warm, ...(await sample(run, plan, least.samples, now)) }
}

/** Warm-up alone. `least`: what sampling takes at least, now that it is known how slow a prediction is. */
export async function warmUp(
  run: TimedRun,
  { least, slow, warmupMs, isLate = () => false }: Pick<SamplerPlan, 'least' | 'slow' | 'warmupMs' | 'isLate'>,
  now: Clock,
): Promise<Pick<Samples, 'warmupMs' | 'warmupRuns'> & { readonly least: LeastRuns }> {
  const start = now()
  let runs = 0
  let needed = least
  const isWarm = (): boolean => {
    if (isLate()) return runs >= Math.min(LEAST_WHEN_LATE.warmup, needed.warmup)
    return runs >= needed.warmup && now() - start >= warmupMs
  }
  while (!isWarm()) {
    const ms = await run(runs++)
    if (runs === 1 && slow !== undefined && ms >= slow.fromMs) needed = slow.least
  }
  return { warmupMs: now() - start, warmupRuns: runs, least: needed }
}

/** Samples alone, `least` at least. */
export async function sample(
  run: TimedRun,
  {
    sampleMs,
    maxSamples = Number.POSITIVE_INFINITY,
    isLate = () => false,
    isEnough = () => false,
  }: Omit<SamplerPlan, 'least' | 'slow' | 'warmupMs'>,
  least: number,
  now: Clock,
): Promise<Pick<Samples, 'samplesMs' | 'wallMs'>> {
  const samplesMs: number[] = []
  const start = now()
  let lookAt = FIRST_LOOK
  while (samplesMs.length < maxSamples) {
    const count = samplesMs.length
    if (count >= least && now() - start >= sampleMs) break
    if (count >= LEAST_WHEN_LATE.samples && isLate()) break
    if (count === lookAt) {
      if (isEnough(samplesMs, now() - start)) break
      lookAt *= 2
    }
    samplesMs.push(await run(count))
  }
  return { samplesMs, wallMs: now() - start }
}
