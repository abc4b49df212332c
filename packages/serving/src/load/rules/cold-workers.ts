// The first answer of a server that was just started, or slept, takes much longer than those that follow.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Times the p90 of the quietest run. */
const LEAST_TIMES = 10
/** Connecting and looking up a name take some of it. */
const LEAST_MS = 100

export const coldWorkers = defineRule({
  id: 'cold-workers',
  area: 'software',
  title: 'Cold workers: the first request waits for a server that is not warm',
  needs: ['asked', 'target'],
  check({ asked, target }) {
    const quiet = asked.find(({ saturated, p90Ms }) => !saturated && p90Ms !== null)
    if (target.first === null) return { notChecked: 'no request was sent before the load' }
    if (quiet?.p90Ms == null) return { notChecked: 'no run has a p90' }
    const { latencyMs: firstMs } = target.first
    if (firstMs < LEAST_MS || firstMs < LEAST_TIMES * quiet.p90Ms) return 'clear'
    return {
      ...tell`The request that was sent before the load took ${ms('first-request', firstMs)},
        ${number('times', Math.round(firstMs / quiet.p90Ms), 'ratio')} times the p90 of those that came later
        (${ms('p90-under-load', quiet.p90Ms)}): the model is loaded, or predicts for the first time, while a client waits.`,
      timeMs: firstMs,
      wouldSaveMs: null,
      savingUnknown: 'it is paid once for each start of a worker, and how often that is was not measured',
      basis: 'measured',
    }
  },
})
