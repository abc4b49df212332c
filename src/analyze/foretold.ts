// What exact remedies would give, from experiments on operators alone: said before the whole model is tried.
import type { OperatorExperiment, OperatorExperiments, OperatorVariant } from '../measure/timing/operators/types.ts'

/** A saving per prediction, ms, and its interval; below 0 where it would take longer. */
export interface Saving {
  readonly ms: number
  readonly low: number
  readonly high: number
}

/** Of a variant, in all of its copies in the model: the ratio that was measured, of the time within the model. */
export function savingOf({ insideMs, aloneMs, copies }: OperatorExperiment, variant: OperatorVariant): Saving {
  // Alone, operands lie in the caches; what an operator takes longer within the model no variant of it alone has shown to go away.
  const ms = copies * Math.min(insideMs, aloneMs)
  return { ms: ms * (1 - variant.ratio), low: ms * (1 - variant.ratioHigh), high: ms * (1 - variant.ratioLow) }
}

/** Of each remedy that was tried on operators alone, over all of them. */
export function savingsByRemedy(experiments: OperatorExperiments | undefined): ReadonlyMap<string, Saving> {
  const byRemedy = new Map<string, Saving>()
  for (const row of experiments?.rows ?? []) {
    for (const variant of bestByRemedy(row)) {
      const saving = savingOf(row, variant)
      const known = byRemedy.get(variant.remedy!)
      byRemedy.set(variant.remedy!, known === undefined ? saving : sum(known, saving))
    }
  }
  return byRemedy
}

export interface Foretold extends Saving {
  /** Ids, largest saving first. */
  readonly remedies: readonly string[]
}

/** Of each operator its best remedy, where its interval lies below what it takes as it is; null where nothing was tried. */
export function foretell(experiments: OperatorExperiments | undefined): Foretold | null {
  if (experiments === undefined) return null
  const byRemedy = new Map<string, number>()
  let total: Saving = { ms: 0, low: 0, high: 0 }
  for (const row of experiments.rows) {
    const [best] = bestByRemedy(row).filter(({ ratioHigh }) => ratioHigh < 1)
    if (best === undefined) continue
    const saving = savingOf(row, best)
    byRemedy.set(best.remedy!, (byRemedy.get(best.remedy!) ?? 0) + saving.ms)
    total = sum(total, saving)
  }
  const remedies = [...byRemedy].sort((a, b) => b[1] - a[1]).map(([remedy]) => remedy)
  return { ...total, remedies }
}

/** A remedy can propose several; its fastest counts. */
function bestByRemedy({ variants }: OperatorExperiment): readonly OperatorVariant[] {
  const best = new Map<string, OperatorVariant>()
  for (const variant of variants) {
    if (variant.kind !== 'rewrite' || variant.remedy === null) continue
    const known = best.get(variant.remedy)
    if (known === undefined || variant.ratio < known.ratio) best.set(variant.remedy, variant)
  }
  return [...best.values()].sort((a, b) => a.ratio - b.ratio)
}

const sum = (a: Saving, b: Saving): Saving => ({ ms: a.ms + b.ms, low: a.low + b.low, high: a.high + b.high })
