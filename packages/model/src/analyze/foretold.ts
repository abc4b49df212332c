// What exact remedies would give, from experiments on operators alone: said before the whole model is tried.
import type { OperatorExperiment, OperatorExperiments, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import { fasterAlone, type Saving, savingOf } from './faster-variants.ts'

/** Savings of each remedy that was tried on operators alone, summed over all of them. If the remedy was also tried on the whole model, that saving is used. */
export function savingsByRemedy(experiments: OperatorExperiments | undefined): ReadonlyMap<string, Saving> {
  const byRemedy = new Map<string, Saving>()
  for (const row of experiments?.rows ?? []) {
    for (const variant of bestByRemedy(row)) {
      const saving = savingOf(row, variant)
      const known = byRemedy.get(variant.remedy!)
      byRemedy.set(variant.remedy!, known === undefined ? saving : sum(known, saving))
    }
  }
  for (const { remedy, ...saving } of experiments?.wholes ?? []) byRemedy.set(remedy, saving)
  return byRemedy
}

export interface PredictedSaving extends Saving {
  /** Ids, largest saving first. */
  readonly remedies: readonly string[]
  /** The first was timed on the whole model. */
  readonly onWhole?: true
}

/**
 * Of each operator its best remedy, where it was shown to be faster; null if nothing was tried. A remedy that was timed
 * on the whole model stands for all operators that it changes.
 */
export function predictSavings(experiments: OperatorExperiments | undefined): PredictedSaving | null {
  if (experiments === undefined) return null
  const wholes = (experiments.wholes ?? []).filter(({ low }) => low > 0).sort((a, b) => b.ms - a.ms)
  const [whole] = wholes
  const byRemedy = new Map(whole ? [[whole.remedy, whole.ms] as const] : [])
  let total: Saving = { ms: whole?.ms ?? 0, low: whole?.low ?? 0, high: whole?.high ?? 0 }
  const rows = experiments.rows.filter(
    ({ variants }) => !variants.some(({ remedy }) => remedy !== null && remedy === whole?.remedy),
  )
  const shown = fasterAlone(rows, ({ kind, remedy }) => kind === 'rewrite' && remedy !== null)
  for (const row of rows) {
    const ofRow = shown.filter((one) => one.row === row)
    if (ofRow.length === 0) continue
    const { variant, saving } = ofRow.reduce((best, one) => (one.variant.ratio < best.variant.ratio ? one : best))
    byRemedy.set(variant.remedy!, (byRemedy.get(variant.remedy!) ?? 0) + saving.ms)
    total = sum(total, saving)
  }
  const remedies = [...byRemedy].sort((a, b) => b[1] - a[1]).map(([remedy]) => remedy)
  return { ...total, remedies, ...(whole && { onWhole: true as const }) }
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
