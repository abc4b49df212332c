// The first answer of a fresh process: reading the file, optimizing the graph, packing weights, and a first prediction that
// allocates memory and fills caches. It is paid once, so it saves nothing per prediction: always a note.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** A first prediction 5 times the p50 is more than cold caches, which cost 2 to 3 times. */
const FIRST_OVER_P50 = 5
/** A user waiting for one answer notices about 100 ms (Nielsen, Usability Engineering, 1993). */
const NOTICED_MS = 100
/** Half a second of loading is felt where processes come and go: serverless functions, scaling up, command-line tools. */
const LONG_LOAD_MS = 500
/** Below 100 predictions' worth, loading is paid back at once. */
const LOAD_OVER_P50 = 100

export const coldStart = defineRule({
  id: 'cold-start',
  area: 'software',
  title: 'Cold start: the first prediction takes much longer than the others',
  needs: ['latency'],
  check({ latency: { loadMs, firstMs, p50Ms } }) {
    const slowFirst = firstMs >= FIRST_OVER_P50 * p50Ms && firstMs - p50Ms >= NOTICED_MS
    const slowLoad = loadMs >= LONG_LOAD_MS && loadMs >= LOAD_OVER_P50 * p50Ms
    if (!slowFirst && !slowLoad) return 'clear'
    return {
      ...tell`Loading takes ${ms('load', loadMs)} and the first prediction ${ms('first', firstMs)}, against ${ms('p50', p50Ms)} once
        warm. It is paid once per process, so the saving per prediction is nil.`,
      timeMs: 0,
      wouldSaveMs: 0,
      basis: 'measured',
      next: fixModel('--for', 'load-time'),
    }
  },
})
