// What the three remedies share: the plans that measuring found, made into models.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { PrecisionMethod, Proposal, Remedy } from '../../remedies/kit/remedy.ts'

export const quantizedProposals =
  (method: PrecisionMethod, took: (executed: GraphView) => boolean): Remedy['apply'] =>
  async (setup, { constraints, p50Ms }, { precision }) => {
    if (constraints.maxLoss === null || precision === undefined) return []
    const plans = await precision(setup.model, method)
    return plans.flatMap(({ variant, quantized: { model, changes }, savingMs }): Proposal[] => {
      if (changes.length === 0) return []
      const predictedSavingMs = savingMs === null ? null : Math.min(savingMs, p50Ms)
      return [{ variant, setup: { ...setup, model }, changes, predictedSavingMs, took }]
    })
  }
