// Part of a prediction's cost is paid once per call, however many samples it carries: the call, each kernel's start, weights read
// from memory. The batch sweep separates it: latency = fixed + perSample * batch.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { percent } from '@whyslow/measure/statistics/numbers.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Batching makes each sample wait for the whole batch, so a small gain per sample is no reason for it: 10 % is asked. */
const MIN_GAIN = 0.1

/** The smallest batch within 5 % of the cheapest sample is named: larger ones only add waiting. */
const AS_CHEAP_AS_BEST = 1.05

export const batchHeadroom = defineRule({
  id: 'batch-headroom',
  area: 'software',
  title: 'Batching makes samples cheaper',
  needs: ['latency', 'batchSweep'],
  check({ latency, batchSweep }) {
    const current = batchSweep.points.find((point) => point.at === batchSweep.current)
    if (current === undefined) return { notChecked: `the sweep has no point at the batch in use, ${batchSweep.current}` }

    const cheapestMs = Math.min(...batchSweep.points.map((point) => point.p50Ms / point.at))
    const best = batchSweep.points
      .filter((point) => point.p50Ms / point.at <= AS_CHEAP_AS_BEST * cheapestMs)
      .reduce((smallest, point) => (point.at < smallest.at ? point : smallest))
    if (best.at <= current.at) return 'clear'

    const savedShare = 1 - best.p50Ms / best.at / (current.p50Ms / current.at)
    const apart = best.ciHighMs / best.at < current.ciLowMs / current.at
    // Each point has few processes and a wide interval of its own; the fit has all points.
    const fit = batchSweep.fit
    const confirmed = apart || (fit !== null && gainOfFit(fit, current.at, best.at) >= MIN_GAIN)
    if (savedShare < MIN_GAIN || !confirmed) return 'clear'
    const fitted =
      fit === null
        ? ''
        : tell` The fit: ${ms('fit-call', Math.max(0, fit.fixedMs))} a call + ${ms('fit-sample', fit.perUnitMs)} a sample.`
    const batch = number('best-batch', best.at, 'samples')
    return {
      title: `In a batch of ${best.at}, a sample costs ${percent(savedShare)} less`,
      ...tell`A sample takes ${ms('sample', current.p50Ms / current.at)} at batch ${number('batch', current.at, 'samples')} and
        ${ms('sample-in-best-batch', best.p50Ms / best.at)} at batch ${batch}; every sample then waits
        ${ms('best-batch-time', best.p50Ms)} for its batch.${fitted}
        The saving is time per sample: it raises throughput and lowers no single answer's latency.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: latency.p50Ms * savedShare,
      basis: 'measured',
      next: fixModel('--for', 'throughput'),
    }
  },
})

/** Share 0..1 that a sample saves in a batch of `to` against one of `from`, by the fit. */
function gainOfFit({ fixedMs, perUnitMs }: { fixedMs: number; perUnitMs: number }, from: number, to: number): number {
  return 1 - (fixedMs / to + perUnitMs) / (fixedMs / from + perUnitMs)
}
