// Evidence -> costs, floors and the partition of the p50. Computed, never saved.
import type { EngineOffer } from '@whyslow/measure/engines/types.ts'
import type { Evidence } from '../evidence/evidence.ts'
import type { AnalyzedEvidence } from './analyzed-evidence.ts'
import { areasOfNodes, breakDown } from './breakdown.ts'
import { costNodes } from './costs.ts'

/**
 * Costs, roofline and breakdown of what was measured; a key is absent if its evidence is. `offers`: of the engine that predicted, as
 * far as it is known.
 */
export function analyze({ engine, ...measured }: Evidence, offers: readonly EngineOffer[] = []): AnalyzedEvidence {
  const { latency, profile, roofs, machine, callCost } = measured
  const evidence = { ...measured, ...(engine ? { engine: { ...engine, offers } } : {}) }
  if (!profile) return evidence
  const costs = costNodes(profile, roofs, machine, evidence.graph)
  const costed = { ...evidence, costs, nodeAreas: areasOfNodes(costs, profile) }
  if (!latency) return costed
  const threads = engine?.threadsInUse ?? 1
  return { ...costed, breakdown: breakDown({ latency, costs, profile, threads, ...(callCost ? { callCost } : {}) }) }
}
