// Other numbers of threads than those in use, for decode and for prefill: fresh processes take turns with some of the setup itself, a few calls each.
import { median, turns } from '@whyslow/measure/statistics/index.ts'
import { PROCESS_MS } from '@whyslow/measure/trials/limits.ts'
import type { ThreadsFact } from '../../facts.ts'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'

/** What all its processes may take. */
const BUDGET_MS = 30_000
/** Warm calls of each process. */
export const SWEEP_CALLS = 3
/** Each number of threads has so many processes. */
const ROUNDS = 2

/** `threads` null: the setup's own, which may be the engine's default. */
export type MeasureThreads = (threads: number | null, process: number) => Promise<ProcessMeasurement | null>

interface Sweep {
  /** As the setup has them, or as the engine says; null: the engine's default. */
  readonly used: number | null
  /** How many threads these are, as far as is known. */
  readonly usedCount: number
  readonly counts: readonly number[]
  readonly processes: readonly ProcessMeasurement[]
}

/** The setup's row first. A text says why there are none. */
export async function sweepThreads(
  { used, usedCount, counts, processes }: Sweep,
  measure: MeasureThreads,
): Promise<readonly ThreadsFact[] | string> {
  const others = counts.filter((count) => count !== usedCount)
  if (others.length === 0) return 'there is one CPU, so that no other number of threads was measured'
  const processMs = PROCESS_MS + median(processes.map(timeOf))
  const affordable = Math.floor(BUDGET_MS / (ROUNDS * processMs)) - 1
  if (affordable < 1) return 'other numbers of threads were not measured: a process takes too long to try some'
  const sides = [null, ...others.slice(0, affordable)]
  const calls: MeasuredCall[][] = sides.map(() => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const side of turns(sides.length, round)) {
      const measured = await measure(sides[side]!, round * sides.length + side)
      if (measured !== null) calls[side]!.push(...measured.calls)
    }
  const [own, ...rest] = calls.map(timesOf)
  if (own === undefined || own === null) return 'other numbers of threads could not be measured'
  const rows = rest.flatMap((times, at) => (times === null ? [] : [{ threads: sides[at + 1]!, ...unlessAlike(own, times) }]))
  return [{ threads: used, tokenMs: median(own.token), firstTokenMs: median(own.first) }, ...rows]
}

/** A process of the sweep: opened, a cold call, and the others. */
function timeOf({ openMs, cold, calls }: ProcessMeasurement): number {
  return openMs + cold.totalMs + SWEEP_CALLS * median(calls.map(({ totalMs }) => totalMs))
}

interface Times {
  readonly token: readonly number[]
  readonly first: readonly number[]
}

function timesOf(calls: readonly MeasuredCall[]): Times | null {
  const token = calls.flatMap(({ perTokenMs }) => perTokenMs ?? [])
  return token.length === 0 ? null : { token, first: calls.map(({ firstMs }) => firstMs) }
}

/** Times that overlap with the setup's own are no other times. */
function unlessAlike(own: Times, { token, first }: Times): Omit<ThreadsFact, 'threads'> {
  const apart = (a: readonly number[], b: readonly number[]) => Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a)
  return {
    tokenMs: median(apart(own.token, token) ? token : own.token),
    firstTokenMs: median(apart(own.first, first) ? first : own.first),
  }
}
