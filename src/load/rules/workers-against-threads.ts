// The CPUs would do more as workers than as threads of one, or the other way round.
import { alternativeFacts, inNumbers, isBetter, savedMs } from '../better.ts'
import { defineLoadRule } from '../rule.ts'

export const workersAgainstThreads = defineLoadRule({
  id: 'workers-against-threads',
  check({ setup, alternatives }) {
    if (setup === null) return null
    const other = alternatives.find((one) => one.setup.workers !== setup.workers && isBetter(one))
    if (other === undefined) return null
    const { workers, threadsPerWorker: threads } = other.setup
    const options = `--workers ${workers}${threads === null ? '' : ` --threads ${threads}`}`
    const does =
      workers > setup.workers
        ? 'Predictions side by side do more than threads of one prediction'
        : 'Threads of one prediction do more than predictions side by side'
    return {
      title: `${does}`,
      detail: `With ${options} it does better. ${inNumbers(other)}.`,
      wouldSaveMs: savedMs(other),
      basis: 'measured',
      facts: alternativeFacts(other),
    }
  },
})
