// Evidence -> costs, floors and the partition of the p50. Computed, never saved.
import type { Evidence } from '../evidence/evidence.ts'
import type { AnalyzedEvidence } from './analyzed-evidence.ts'
import { areasOfNodes, breakDown } from './breakdown.ts'
import { costNodes } from './costs.ts'

/** Costs, roofline and breakdown of what was measured; a key is absent where its evidence is. */
export function analyze(evidence: Evidence): AnalyzedEvidence {
  const { latency, profile, roofs, machine, callCost } = evidence
  if (!profile) return evidence
  const costs = costNodes(profile, roofs, machine, evidence.graph)
  const costed = { ...evidence, costs, nodeAreas: areasOfNodes(costs, profile) }
  if (!latency) return costed
  return {
    ...costed,
    breakdown: breakDown({
      latency,
      costs,
      profile,
      threads: evidence.engine?.threadsInUse ?? 1,
      ...(callCost ? { callCost } : {}),
    }),
  }
}
