// What a gain in memory, size or load time costs in the time of a prediction: those goals may not ruin it.

import { pairsInTurns } from '@whyslow/measure/statistics/index.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import type { Bench, Judgement } from './bench.ts'
import type { SearchPlan } from './state.ts'

/** A remedy for load time, memory or size may not cost more latency than this. */
const LATENCY_LIMIT = 1.1
/** Rounds of four readings that such a cost is judged by, unless it is seen to be below this. */
const ROUNDS = 3
const CLEARLY_NO_COST = 1.05

/** The reason against the change; null if it does not ruin predictions, or if nothing is known. */
export async function costsLatency(
  { bench, evidence }: Pick<SearchPlan, 'bench' | 'evidence'>,
  { beforeMs, afterMs }: Judgement,
  base: RemedySetup,
  changed: RemedySetup,
): Promise<string | null> {
  if (evidence.goal === 'throughput') return null
  const seen = beforeMs !== null && afterMs !== null ? afterMs / beforeMs : null
  if (seen !== null && seen <= LATENCY_LIMIT) return null
  const ratio = (await predictedRatio(bench, base, changed)) ?? seen
  if (ratio === null || ratio <= LATENCY_LIMIT) return null
  return `it serves the goal, but predictions take ${ratio.toFixed(2)} times as long`
}

/**
 * Predictions with and without it, A B B A, up to three times until the cost is far below the limit. The fastest process of each side counts:
 * what others disturb is only ever slower, and a refusal for noise would be a gain lost. null: it could not be measured.
 */
async function predictedRatio(bench: Bench, base: RemedySetup, changed: RemedySetup): Promise<number | null> {
  if (bench.predictMs === undefined) return null
  const read = async (side: 0 | 1): Promise<number> => {
    const trial = await bench.predictMs!(side === 0 ? base : changed)
    return trial.outcome === 'measured' ? trial.value : Number.NaN
  }
  const costOf = (pairs: readonly (readonly [number, number])[]) =>
    Math.min(...pairs.map(([, other]) => other)) / Math.min(...pairs.map(([own]) => own))
  // NaN: a side could not be measured.
  const isEnough = (cost: number, pairs: number) => Number.isNaN(cost) || (pairs % 2 === 0 && cost <= CLEARLY_NO_COST)
  const cost = costOf(await pairsInTurns(2 * ROUNDS, read, (pairs) => isEnough(costOf(pairs), pairs.length)))
  return Number.isNaN(cost) ? null : cost
}
