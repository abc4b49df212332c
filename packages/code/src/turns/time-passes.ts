// Passes over samples, timed one by one. A pass that is shorter than the clock can tell is one of several that are timed together.
import { setTimeout as sleep } from 'node:timers/promises'
import { finishValue, isThenable } from './finish-value.ts'

export interface Passes {
  readonly call: (sample: unknown) => unknown
  /** Gives the samples of a pass, outside its time. */
  readonly samples: () => readonly unknown[]
  readonly leastMs: number
  readonly leastPasses: number
}

/** Timed together they take at least this long. */
const LEAST_TIMED_MS = 0.2

/** Nanoseconds of a clock that only goes forward. */
export type NanosecondClock = () => bigint

/** ms of one pass each. */
export async function timePasses(
  { call, samples, leastMs, leastPasses }: Passes,
  now: NanosecondClock = process.hrtime.bigint,
): Promise<number[]> {
  const passMs: number[] = []
  let together = 1
  const begin = now()
  for (;;) {
    const given = Array.from({ length: together }, samples)
    const start = now()
    for (const pass of given) {
      for (const sample of pass) {
        const result = finishValue(call(sample))
        // A value is not waited for: a turn of the event loop takes longer than many a function.
        if (isThenable(result)) await result
      }
    }
    const end = now()
    const ms = Number(end - start) / 1e6
    const isTooShort = ms < LEAST_TIMED_MS && together < MOST_TOGETHER
    if (!isTooShort) passMs.push(ms / together)
    if (passMs.length >= leastPasses && Number(end - begin) / 1e6 >= leastMs) return passMs
    if (isTooShort)
      together = Math.min(MOST_TOGETHER, Math.max(together * 2, Math.ceil((together * LEAST_TIMED_MS) / Math.max(ms, 1e-3))))
  }
}

const MOST_TOGETHER = 100_000

export interface GapPasses extends Pick<Passes, 'call' | 'samples' | 'leastPasses'> {
  readonly gapMs: number
  /** Told when a call begins, and when it has ended. */
  readonly within?: (isCall: boolean) => void
}

/** ms of one pass each, of calls that begin `gapMs` after the last one's end: the gaps are not in them. */
export async function timeWithGaps(
  { call, samples, leastPasses, gapMs, within = () => {} }: GapPasses,
  now: NanosecondClock = process.hrtime.bigint,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<number[]> {
  const passMs: number[] = []
  while (passMs.length < leastPasses) {
    let ns = 0n
    for (const sample of samples()) {
      await wait(gapMs)
      within(true)
      const start = now()
      const result = finishValue(call(sample))
      if (isThenable(result)) await result
      ns += now() - start
      within(false)
    }
    passMs.push(Number(ns) / 1e6)
  }
  return passMs
}
