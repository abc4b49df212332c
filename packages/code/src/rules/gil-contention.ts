// One thread at a time runs Python: threads that compute in it take turns.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Share of the looks. */
const FROM_SHARE = 0.4

export const gilContention = defineRule({
  id: 'gil-contention',
  area: 'software',
  title: 'GIL contention: Python threads wait for each other',
  languages: ['python'],
  needs: ['lines'],
  check({ whole, latency: { p50Ms }, lines = [] }) {
    if (whole.gilWaitShare === undefined || whole.gilWaitShare < FROM_SHARE) return []
    const timeMs = p50Ms * whole.gilWaitShare
    const [hottest] = [...lines].sort((a, b) => b.selfMs - a.selfMs)
    return [
      {
        ...tell`Several threads run Python, and only one can at a time: at ${share('waiting', whole.gilWaitShare)} of the looks others waited
          for it. Threads help where native code lets go of the interpreter, processes where Python computes.`,
        timeMs,
        ...UNTRIED,
        places: hottest === undefined ? [] : [placeOf(hottest)],
      },
    ]
  },
})
