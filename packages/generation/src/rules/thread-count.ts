// Decode waits for memory, and a few threads fill it; prefill computes, and wants all cores. More threads than CPUs wait for each other.
import { countFact, ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { ThreadsFact } from '../facts.ts'
import { callMsOf, costs, defineRule, firstTokenMsOf, generateAgain, isFelt, tokenMsOf } from '../rule.ts'

export const threadCount = defineRule({
  id: 'thread-count',
  area: 'software',
  title: 'Another number of threads is faster',
  needs: ['engine', 'machine', 'speed', 'setup'],
  wants: ['threads', 'threadsApart'],
  check({ engine, machine, threads, threadsApart, ...given }) {
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
    const callMs = ({ firstTokenMs, tokenMs }: Times): number => firstTokenMs + (given.setup.newTokens - 1) * tokenMs
    const fastest = (ms: (one: ThreadsFact) => number) => threads.reduce((a, b) => (ms(b) < ms(a) ? b : a))
    const best = fastest(callMs)
    const [decode, prefill] = [fastest(({ tokenMs }) => tokenMs), fastest(({ firstTokenMs }) => firstTokenMs)]
    const both = { tokenMs: decode.tokenMs, firstTokenMs: prefill.firstTokenMs }
    const isApart = threadsApart === true && callMs(both) < WORTH_TWO * callMs(best)
    const chosen = isApart ? both : best
    // Measured at another moment than the times of the setup: ratios are taken over, not differences.
    const saving = {
      firstMs: firstTokenMsOf(given) * (1 - chosen.firstTokenMs / now.firstTokenMs),
      tokenMs: tokenMsOf(given) * (1 - chosen.tokenMs / now.tokenMs),
    }
    if (chosen === now || !isFelt(given, saving)) return 'clear'
    const named = isApart
      ? tell`${threadsOf(decode, 'best-threads')} for tokens and ${threadsOf(prefill, 'prefill-threads')} for the prompt`
      : threadsOf(best, 'best-threads')
    return {
      ...tell`With ${named} a token takes ${ms('best-token', chosen.tokenMs)} and the first ${ms('best-first', chosen.firstTokenMs)}; with ${
        now.threads === null ? "the engine's default" : tell`the ${number('threads', now.threads, 'threads')} in use`
      }, ${ms('token', now.tokenMs)} and ${ms('first', now.firstTokenMs)}: ${share('saved', 1 - callMs(chosen) / callMs(now))} less for a call of
        ${ms('call', callMsOf(given))}.`,
      ...costs(given, { firstMs: firstTokenMsOf(given), tokenMs: tokenMsOf(given) }, { saving, basis: 'measured' }),
      next: generateAgain(
        ...flagOf('--threads', isApart ? decode : best),
        ...(isApart ? flagOf('--prefill-threads', prefill) : []),
      ),
    }
  },
})

type Times = Pick<ThreadsFact, 'firstTokenMs' | 'tokenMs'>

/** Two sessions hold the weights twice: less than that is not worth it. */
const WORTH_TWO = 0.97

const threadsOf = ({ threads }: ThreadsFact, name: string) =>
  threads === null ? "the engine's default" : countFact('thread', threads, name)
/** The engine's default needs no flag. */
const flagOf = (flag: string, { threads }: ThreadsFact): readonly string[] => (threads === null ? [] : [flag, String(threads)])
