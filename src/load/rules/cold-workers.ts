// The first answer of a server that was just started, or slept, takes much longer than those that follow.
import { defineLoadRule } from '../rule.ts'

/** Times the p90 of the quietest run. */
const LEAST_TIMES = 10
/** Connecting and looking up a name take some of it. */
const LEAST_MS = 100

export const coldWorkers = defineLoadRule({
  id: 'cold-workers',
  check({ asked, target }) {
    const quiet = asked.find(({ saturated, p90Ms }) => !saturated && p90Ms !== null)
    if (target.first === null || quiet?.p90Ms == null) return null
    const { latencyMs: firstMs } = target.first
    if (firstMs < LEAST_MS || firstMs < LEAST_TIMES * quiet.p90Ms) return null
    return {
      title: 'The first request waits for a server that is not warm',
      detail:
        `The request that was sent before the load took ${firstMs.toFixed(0)} ms, ${Math.round(firstMs / quiet.p90Ms)} times the p90 of those that` +
        ` came later (${quiet.p90Ms.toFixed(1)} ms): the model is loaded, or predicts for the first time, while a client waits.`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        { name: 'first request', value: firstMs, unit: 'ms' },
        { name: 'p90 under load', value: quiet.p90Ms, unit: 'ms' },
      ],
    }
  },
})
