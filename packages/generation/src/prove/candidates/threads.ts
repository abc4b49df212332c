// Threads of decode, and of prefill: a token reads weights, which few threads do as fast as many; a prompt multiplies, which gains from each.
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import type { Candidate } from '../candidate.ts'

export const threads = (count: number): Candidate => ({
  id: `threads-${count}`,
  title: `${plural(count, 'thread')}`,
  effect: 'lossless',
  async apply(setup) {
    if (setup.options.threads === count) return { reason: 'it runs on this many already' }
    return { setup: { ...setup, options: { ...setup.options, threads: count } }, changes: [plural(count, 'thread')] }
  },
})

export const prefillThreads: Candidate = {
  id: 'prefill-threads',
  title: 'All processors for the prompt, fewer for tokens',
  effect: 'lossless',
  async apply(setup, { usableCpus }) {
    const { threads: decode } = setup.options
    if (decode === null || decode >= usableCpus) return { reason: 'tokens take all processors, too' }
    return {
      setup: { ...setup, options: { ...setup.options, prefillThreads: usableCpus } },
      changes: [`${plural(usableCpus, 'thread')} for the prompt`],
    }
  },
}
