// The CPUs would do more as workers than as threads of one, or the other way round.
import { number, tell } from '@whyslow/diagnosis/tell.ts'
import { comparison, isBetter, savingOf } from '../compare-setups.ts'
import { defineRule } from '../rule.ts'

export const workersAgainstThreads = defineRule({
  id: 'workers-against-threads',
  area: 'software',
  title: 'Another split of workers and threads would use the CPUs better',
  needs: ['setup', 'alternatives'],
  check({ setup, alternatives }) {
    const others = alternatives.filter((one) => one.setup.workers !== setup.workers)
    if (others.length === 0) return { notChecked: 'no other number of workers was tried' }
    const other = others.find(isBetter)
    if (other === undefined) return 'clear'
    const { workers, threadsPerWorker: threads } = other.setup
    const options = tell`--workers ${number('workers', workers, 'workers')}${
      threads === null ? '' : tell` --threads ${number('threads', threads, 'threads')}`
    }`
    return {
      ...tell`With ${options} it does better. ${comparison(other)}.`,
      ...savingOf(other),
      title:
        workers > setup.workers
          ? 'Predictions side by side do more than threads of one prediction'
          : 'Threads of one prediction do more than predictions side by side',
    }
  },
})
