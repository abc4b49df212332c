// Decode waits for memory, and a few threads fill it; prefill computes, and wants all cores. More threads than CPUs wait for each other.
import { countFact, ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { ThreadsFact } from '../facts.ts'
import { callMsOf, costs, defineRule, firstTokenMsOf, generateAgain, isFelt, tokenMsOf } from '../rule.ts'

export const threadCount = defineRule({
  id: 'thread-count',
  area: 'software',
  title: 'Another number of threads is faster',
  needs: ['engine', 'machine', 'speed', 'setup'],
  wants: ['threads'],
  check({ engine, machine, threads, ...given }) {
    const { usableCpus } = machine
    const now = threads?.find((one) => one.threads === engine.threads)
    if (threads === undefined || now === undefined) {
      if (engine.threads === null) return { notChecked: 'the engine does not report its threads', missing: 'threads' }
      if (engine.threads <= usableCpus && (engine.threads > 1 || usableCpus === 1))
        return { notChecked: 'other numbers of threads were not measured', missing: 'threads' }
      return {
        ...tell`The engine uses ${countFact('thread', engine.threads)} on ${countFact('CPU', usableCpus)}.`,
        title: engine.threads > usableCpus ? 'More threads than CPUs' : 'One thread, and other CPUs are idle',
        ...costs(
          given,
          { firstMs: firstTokenMsOf(given), tokenMs: tokenMsOf(given) },
          { unknown: 'other numbers of threads were not measured', basis: 'measured' },
        ),
        next: generateAgain('--threads', String(usableCpus)),
      }
    }
    const callMs = ({ firstTokenMs, tokenMs }: ThreadsFact): number => firstTokenMs + (given.setup.newTokens - 1) * tokenMs
    const best = threads.reduce((a, b) => (callMs(b) < callMs(a) ? b : a))
    // Measured at another moment than the times of the setup: ratios are taken over, not differences.
    const saving = {
      firstMs: firstTokenMsOf(given) * (1 - best.firstTokenMs / now.firstTokenMs),
      tokenMs: tokenMsOf(given) * (1 - best.tokenMs / now.tokenMs),
    }
    if (best === now || !isFelt(given, saving)) return 'clear'
    return {
      ...tell`With ${countFact('thread', best.threads, 'best-threads')} a token takes ${ms('best-token', best.tokenMs)} and the first
        ${ms('best-first', best.firstTokenMs)}; with the ${number('threads', now.threads, 'threads')} in use, ${ms('token', now.tokenMs)} and
        ${ms('first', now.firstTokenMs)}: ${share('saved', 1 - callMs(best) / callMs(now))} less for a call of ${ms('call', callMsOf(given))}.`,
      ...costs(given, { firstMs: firstTokenMsOf(given), tokenMs: tokenMsOf(given) }, { saving, basis: 'measured' }),
      next: generateAgain('--threads', String(best.threads)),
    }
  },
})
