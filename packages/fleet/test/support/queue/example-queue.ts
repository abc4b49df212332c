// A queue in memory, for tests of both its sides: jobs of one kind of machine, given out in order.
import type { AgentQueue, AskingQueue, HeldJob, Outcome } from '../../../src/queue/queue.ts'

interface Entry {
  job: unknown
  outcome: Outcome
  attempts: number
  readonly priority: number
}

export interface ExampleQueue {
  readonly asking: AskingQueue
  readonly agent: AgentQueue
  readonly entries: ReadonlyMap<string, Entry>
  /** How long those that were put back are to wait, ms. They are given out at once. */
  readonly waits: readonly number[]
  /** Jobs that agents hold are no longer theirs. */
  lose(): void
}

const ATTEMPTS = 3

export function exampleQueue(machine = 'x64-avx2-2c-abcdef'): ExampleQueue {
  const entries = new Map<string, Entry>()
  const waits: number[] = []
  let announced = false
  let lost = false
  const held = (id: string, entry: Entry): HeldJob => ({
    id,
    job: entry.job,
    renew: () => Promise.resolve(!lost),
    // As it crosses: JSON.
    done: (result) => settle(entry, { state: 'done', result: JSON.parse(JSON.stringify(result)) }),
    failed(reason, final) {
      entry.attempts += 1
      return settle(entry, final || entry.attempts >= ATTEMPTS ? { state: 'failed', reason } : { state: 'waiting' })
    },
    putBack(afterMs, changed) {
      waits.push(afterMs)
      entry.job = changed
      return settle(entry, { state: 'waiting' })
    },
  })
  const settle = (entry: Entry, outcome: Outcome) => {
    entry.outcome = outcome
    return Promise.resolve()
  }
  return {
    entries,
    waits,
    lose: () => {
      lost = true
    },
    asking: {
      listening: () => Promise.resolve(announced ? [{ machine, agent: 'one', fault: null }] : []),
      add(_, trial, job, priority) {
        // As it crosses: JSON.
        if (!entries.has(trial))
          entries.set(trial, { job: JSON.parse(JSON.stringify(job)), outcome: { state: 'waiting' }, attempts: 0, priority })
        return Promise.resolve()
      },
      outcome: (_, trial) => Promise.resolve(entries.get(trial)?.outcome ?? { state: 'lost' }),
      cancel(_, trial) {
        if (entries.get(trial)?.outcome.state === 'waiting') entries.delete(trial)
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    },
    agent: {
      announce() {
        announced = true
        return Promise.resolve()
      },
      take() {
        const waiting = [...entries].filter(([, { outcome }]) => outcome.state === 'waiting')
        const [next] = waiting.sort(([, a], [, b]) => a.priority - b.priority)
        if (next === undefined) return Promise.resolve(null)
        next[1].outcome = { state: 'active' }
        return Promise.resolve(held(...next))
      },
      close() {
        announced = false
        return Promise.resolve()
      },
    },
  }
}
