// Whether a model's layers are worth timing in int8, and whether there is time for it.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Int8Experiment } from '@whyslow/measure/timing/operators/types.ts'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import { type Int8Plan, int8Savings } from '../../quantize/plan/int8-savings.ts'

/** Below a quarter of the p50 there is little that int8 could take over. */
const MIN_SHARE = 0.25
/** Predictions of each model in a round, and before them. */
const LEAST = { warmup: 1, samples: 2 } as const
/** Float operators that a distinct layer takes as long as: alone, twice next to itself, in three precisions that are hardly longer. */
const MODELS_A_LAYER = 5

const NO_TIME = 'there was no time to time its kernels in int8'

/** Whether the arithmetic is faster in int8 here, and there is enough of it in float32. */
export function isWorthInt8({ roofs, costs, latency }: AnalyzedEvidence): boolean {
  const { int8 = 0, float32 = 0 } = roofs?.flopsPerSecond ?? {}
  const heavy = (costs?.nodes ?? []).filter(({ cost }) => cost !== undefined && cost.macs > 0 && cost.arithmetic === 'float32')
  return int8 > float32 && heavy.reduce((sum, { timeMs }) => sum + timeMs, 0) >= MIN_SHARE * (latency?.p50Ms ?? 0)
}

type Plan = Pick<Int8Plan, 'bench' | 'model' | 'facts' | 'budgetMs'> & { readonly evidence: AnalyzedEvidence }

/** Never throws: what cannot be timed says why. */
export async function wholeInInt8({ evidence, ...plan }: Plan): Promise<Int8Experiment> {
  if (roundMs(evidence) > plan.budgetMs) return { reason: NO_TIME }
  try {
    return { nodes: await int8Savings({ ...plan, computer: evidence.machine!, ran: evidence.profile!.nodes, least: LEAST }) }
  } catch (error) {
    return { reason: firstLineOf(error) }
  }
}

/** The least time of one round, ms: products that are alike are timed once. */
function roundMs({ profile, costs }: AnalyzedEvidence): number {
  const distinct = new Map<string, number>()
  for (const [i, { opType, inputTypes, outputTypes, runsPerPrediction, timeMs }] of (profile?.nodes ?? []).entries()) {
    if ((costs?.nodes[i]?.cost?.macs ?? 0) === 0 || runsPerPrediction === 0) continue
    distinct.set(JSON.stringify([opType, inputTypes, outputTypes]), timeMs / runsPerPrediction)
  }
  const onceMs = [...distinct.values()].reduce((sum, ms) => sum + ms, 0)
  return MODELS_A_LAYER * (LEAST.warmup + LEAST.samples) * onceMs
}
