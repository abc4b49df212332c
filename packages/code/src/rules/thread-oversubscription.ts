// Pools of OpenMP, BLAS and engines, each as large as the machine: their threads wait for each other's CPUs.
import { number, tell } from '@whyslow/diagnosis/tell.ts'
import { placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Threads of the interpreter and of timers come on top. */
const FROM = 1.5

export const threadOversubscription = defineRule({
  id: 'thread-oversubscription',
  area: 'software',
  title: 'Thread oversubscription: more threads than CPUs',
  needs: [],
  check({ whole, patterns = [], latency: { p50Ms } }) {
    const { threads, usableCpus, pools = [] } = whole
    if (threads === undefined || usableCpus === undefined) return { notChecked: 'threads and CPUs were not counted' }
    if (threads <= usableCpus * FROM) return []
    const timeMs = p50Ms * (1 - usableCpus / threads)
    const names = [...new Set(pools.map(({ name }) => name))]
    return [
      {
        ...tell`${number('threads', threads, 'threads')} threads were at work on ${number('cpus', usableCpus, 'CPUs')} CPUs${
          names.length > 1 ? tell` (pools of ${names.join(', ')})` : ''
        }. Give each pool a part: OMP_NUM_THREADS, MKL_NUM_THREADS, and the engine's own option, set before the imports.`,
        timeMs,
        ...UNTRIED,
        basis: 'modelled',
        places: patterns.filter(({ pattern }) => pattern === 'thread-setting').map(placeOf),
      },
    ]
  },
})
