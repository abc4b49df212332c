// Several samples in one prediction share what a call costs: starting kernels, reading weights from memory. Each sample waits for
// the whole batch, so it serves throughput and lengthens the single answer.
import { batchAxes } from '../kit/batch-axes.ts'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'

const FACTORS = [2, 4, 8, 16, 32, 64]

export const batchSize = defineRemedy({
  id: 'batch-size',
  title: 'Predict several samples at once',
  treats: ['batch-headroom', 'tiny-model', 'call-overhead'],
  effect: 'rounding',
  kind: 'batch',
  goals: ['throughput'],
  apply(setup, evidence) {
    if (batchAxes(evidence.inputs) === null) return []
    return FACTORS.filter((factor) => factor !== setup.batchFactor).map((factor) => ({
      variant: String(factor),
      setup: { ...setup, batchFactor: factor },
      changes: [`${factor} times the samples in a prediction`],
      predictedSavingMs: predictedMs(factor, setup.batchFactor, evidence),
    }))
  },
})

/** Per prediction of the user's size: what it costs alone less its share of a larger one, by the sweep, else by its fit. */
function predictedMs(factor: number, factorNow: number, { batchSweep, p50Ms }: RemedyEvidence): number | null {
  if (batchSweep === undefined) return null
  const { points, fit, current } = batchSweep
  const timeOf = (batch: number): number | null =>
    points.find(({ at }) => at === batch)?.p50Ms ?? (fit === null ? null : fit.fixedMs + fit.perUnitMs * batch)
  const [now, then] = [timeOf(current * factorNow), timeOf(current * factor)]
  if (now === null || then === null || now <= 0) return null
  // The sweep runs at another moment than the p50: its ratio is carried over.
  return Math.min(p50Ms, Math.max(0, p50Ms * (1 - then / factor / (now / factorNow))))
}
