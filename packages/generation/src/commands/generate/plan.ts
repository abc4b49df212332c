// How much is measured: by what was requested, and for an address by how many requests it may be sent.
import { randomInt } from 'node:crypto'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { MeasurePlan } from '../../measure/types.ts'
import type { GenerateOptions } from './options.ts'
import { SWEEP_CALLS } from './thread-sweep.ts'

export interface RunPlan {
  readonly processes: number
  /** The plan of every process. Its seed is the first one's, and only the first one has a natural stop. */
  readonly measured: MeasurePlan
  /** No further process begins if all would take longer; null: they may. */
  readonly totalMs: number | null
}

type Wanted = Pick<GenerateOptions, 'promptTokens' | 'newTokens' | 'quick' | 'mostRequests'>

const FULL = { leastCalls: 2, mostCalls: 6, callsMs: 4000, rounds: 3, fillMs: 15_000, processMs: null } as const
const QUICK = { leastCalls: 2, mostCalls: 3, callsMs: 1000, rounds: 2, fillMs: 4000, processMs: 12_000 } as const
/** A minute is left for the machine's own figures, and for ending. */
const QUICK_MS = 40_000
const DEPTHS = [0, 256, 512, 1024, 2048]
const SEVERAL = [1, 2, 4, 8, 16]
/** Prompts are apart by as many seeds as a process may have prompts. */
const SEEDS = 1000

export function planOf(
  { promptTokens, newTokens, quick, mostRequests }: Wanted,
  /** Requests that finding the protocol of an address may take; null: it is not one. */
  probes: number | null,
  prompts: readonly string[] | null,
): RunPlan {
  const plan: RunPlan = {
    processes: quick ? 3 : 5,
    totalMs: quick ? QUICK_MS : null,
    measured: {
      ...{ prompts, promptTokens, newTokens, seed: 0, naturalStop: false, vocabulary: null },
      ...(quick ? QUICK : FULL),
      depths: quick ? [0, 512, 1024] : DEPTHS,
      several: quick ? [1, 4, 16] : SEVERAL,
    },
  }
  return probes === null ? plan : withinRequests(unlikeEarlier(plan), mostRequests, probes)
}

/** A server may still hold the made-up prompts of an earlier run in its cache: this run makes up others. */
const unlikeEarlier = (plan: RunPlan): RunPlan =>
  plan.measured.prompts === null ? { ...plan, measured: { ...plan.measured, seed: randomInt(SEED_LIMIT) } } : plan

/** Seeds have 32 bits; what processes and curves add is far less than the half that is left. */
const SEED_LIMIT = 2 ** 31

/** Each process finds the protocol, then makes the first call, warm calls, one for each length of a prompt, and has room for a natural stop. */
export const requestsOf = ({ processes, measured }: RunPlan, probes: number): number =>
  processes * (probes + 1 + measured.mostCalls + measured.rounds * measured.depths.length + 1)

function withinRequests({ measured, totalMs }: RunPlan, most: number, probes: number): RunPlan {
  const of = (processes: number, calls: number, depths: readonly number[]): RunPlan => ({
    processes,
    totalMs,
    measured: { ...measured, leastCalls: calls, mostCalls: calls, rounds: 1, depths, several: [] },
  })
  const tried = [of(3, 4, [32, 256, 1024]), of(3, 2, [32, 256, 1024]), of(2, 2, [32, 1024]), of(2, 1, []), of(1, 1, [])]
  const fits = tried.find((plan) => requestsOf(plan, probes) <= most)
  if (fits === undefined)
    throw new InputError(
      `--most-requests ${most} is too few to measure anything; give ${requestsOf(of(1, 1, []), probes)} or more`,
    )
  return fits
}

/** Each process has prompts of its own. */
export const planOfProcess = ({ measured }: RunPlan, process: number): MeasurePlan => ({
  ...measured,
  seed: measured.seed + process * SEEDS,
  naturalStop: process === 0,
})

/** A short prompt and a few tokens, once. */
export const planOfTry = ({ measured }: RunPlan): MeasurePlan => ({
  ...measured,
  ...{ prompts: null, promptTokens: TRY_TOKENS, newTokens: TRY_TOKENS, leastCalls: 0, mostCalls: 0 },
  ...{ rounds: 1, depths: [], several: [], naturalStop: false },
})
export const TRY_TOKENS = 8

/** A few calls and nothing else, with prompts that no other process has. */
export const planOfSweep = ({ processes, measured }: RunPlan, process: number): MeasurePlan => ({
  ...measured,
  ...{ leastCalls: SWEEP_CALLS, mostCalls: SWEEP_CALLS, callsMs: 0, rounds: 1, depths: [], several: [] },
  seed: measured.seed + (processes + process) * SEEDS,
  naturalStop: false,
})
