// Runs of one session that are started together and end one after the other: a session serves one at a time, and its threads are shared.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { HOT_SHARE, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

const LEAST_TOGETHER = 2

export const promiseAllIsNotParallel = defineRule({
  id: 'promise-all-is-not-parallel',
  area: 'software',
  title: 'Promise.all is not parallel: predictions run one after the other',
  languages: ['javascript'],
  needs: ['sessions', 'patterns'],
  check({ sessions = [], patterns = [], latency: { p50Ms } }) {
    const all = patterns.filter(({ pattern, once }) => pattern === 'promise-all' && !once)
    return sessions.flatMap((session) => {
      const { concurrentRuns, runMs, ran, runsPerPrediction } = session
      if (concurrentRuns < LEAST_TOGETHER || runsPerPrediction < LEAST_TOGETHER || ran === null) return []
      const place =
        all.find(({ file, function: name }) => file === ran.file && name === ran.function) ??
        all.find(({ file }) => file === ran.file)
      if (place === undefined) return []
      // Each waits for those before it: together they take what the last one waits.
      const timeMs = Math.min(p50Ms, runMs / ((concurrentRuns + 1) / 2))
      if (timeMs < HOT_SHARE * p50Ms) return []
      return [
        {
          ...tell`${number('together', concurrentRuns, 'runs')} runs are started together at ${inWords(place)} and take
            ${ms('runs-time', timeMs)}, ${share('share', timeMs / p50Ms)} of the whole: a session runs them one after the other. One batch
            pays the call once.`,
          timeMs,
          ...UNTRIED,
          places: [placeOf(place)],
        },
      ]
    })
  },
})
