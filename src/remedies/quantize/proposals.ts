// What the three remedies share: the plans that measuring found, made into models.
import type { GraphView } from '../../graph/types.ts'
import type { PrecisionMethod, Proposal, RemedyEvidence, RemedySetup, RemedyTools } from '../remedy.ts'
import { quantize } from './quantize.ts'

export async function quantizedProposals(
  setup: RemedySetup,
  { wishes, p50Ms }: RemedyEvidence,
  { precision }: RemedyTools,
  method: PrecisionMethod,
  took: (executed: GraphView) => boolean,
): Promise<readonly Proposal[]> {
  if (wishes.maxLoss === null || precision === undefined) return []
  const plans = await precision(setup.model, method)
  return plans.flatMap(({ variant, model, types, choice, savingMs }): Proposal[] => {
    const quantized = quantize(model, choice, types)
    if (quantized.changes.length === 0) return []
    return [
      {
        variant,
        setup: { ...setup, model: quantized.model },
        changes: quantized.changes,
        predictedSavingMs: savingMs === null ? null : Math.min(savingMs, p50Ms),
        took,
      },
    ]
  })
}
