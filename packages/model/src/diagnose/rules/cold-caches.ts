// Operators that take longer within the model than alone, where their data is in the nearest caches and nobody ran in between. The whole
// model was timed in the same rounds, so that a change of the machine between both is taken out.
import { ms, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { OperatorExperiment } from '@whyslow/measure/timing/operators/types.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** Corrected times within the model and times alone agree up to this. */
const AGREE = 1.15

export const coldCaches = defineRule({
  id: 'cold-caches',
  area: 'software',
  title: 'Cold caches: operators take longer in the model than alone',
  needs: ['latency', 'operatorExperiments'],
  check({ latency: { p50Ms }, operatorExperiments: { rows, wholeMs } }) {
    if (!wholeMs) return { notChecked: 'the whole model was not timed together with its operators' }
    const longer = rows.filter(({ insideMs, aloneMs }) => insideMs > AGREE * aloneMs)
    const sum = (of: (row: OperatorExperiment) => number) => longer.reduce((all, row) => all + row.copies * of(row), 0)
    const [insideMs, aloneMs] = [sum((row) => row.insideMs), sum((row) => row.aloneMs)]
    const savingMs = insideMs - aloneMs
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const opTypes = longer.flatMap((row) => Array.from({ length: row.copies }, () => row.opTypes).flat())
    return {
      ...tell`${operatorsTake(opTypes)} ${ms('time', insideMs)}, ${part('time-share', insideMs / p50Ms)} of the p50, and alone, again and
        again on the same data, ${ms('alone', aloneMs)}. Within the model others read and write in between, which most likely pushes their weights
        and inputs out of the nearest caches. Fewer bytes between them (fewer passes, fused operators, int8 or float16) leave more of it
        there.`,
      timeMs: insideMs,
      wouldSaveMs: Math.min(savingMs, p50Ms),
      basis: 'measured',
      nodes: longer.flatMap(({ nodes }) => nodes),
    }
  },
})
