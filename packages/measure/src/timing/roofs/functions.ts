// Rates of elementwise operators, special functions among them: each over and over on one thread's nearest cache, times the threads,
// since no prediction evaluates them faster than all threads from there. What starting the operators takes is taken off.
import type { FunctionKernel, Kernel } from './kernels.ts'
import { fastTimeMs } from './sample.ts'

/** Every operator is timed so often, spread over the time that all take. */
const rounds = 2
/** Timed part of one kernel in one round, ms. */
const sliceMs = 8

export interface FunctionRounds {
  readonly plan: readonly FunctionKernel[]
  /** Threads that work at the same time. */
  readonly threads: number
  /** Times of single runs of a kernel on one thread, ms. Throws if the engine cannot run it. */
  readonly sample: (kernel: Kernel, ms: number) => Promise<readonly number[]>
}

/** Elements a second, by operator; those that the engine cannot run are left out. */
export async function readFunctions({ plan, threads, sample }: FunctionRounds): Promise<Readonly<Record<string, number>>> {
  const times = new Map<Kernel, readonly number[]>()
  const failed = new Set<string>()
  const add = async (kernel: Kernel) => times.set(kernel, [...(times.get(kernel) ?? []), ...(await sample(kernel, sliceMs))])
  for (let round = 0; round < rounds; round++) {
    for (const { operator, kernel, startedBy } of plan) {
      if (failed.has(operator)) continue
      try {
        await add(startedBy)
        await add(kernel)
      } catch {
        failed.add(operator)
      }
    }
  }
  return Object.fromEntries(
    plan.flatMap(({ operator, kernel, startedBy }): [string, number][] => {
      const ms = fastTimeMs(times.get(kernel) ?? []) - fastTimeMs(times.get(startedBy) ?? [])
      return ms > 0 && !failed.has(operator) ? [[operator, (threads * kernel.work * 1e3) / ms]] : []
    }),
  )
}
