// One measurement at a time: what runs next to another is slowed by it.

export interface Queue {
  /** Runs `work` when it is its turn. `onWait`: it is not yet. Rejects with the signal's reason if it is aborted before its turn. */
  run<T>(work: () => Promise<T>, options: { readonly signal: AbortSignal; readonly onWait: () => void }): Promise<T>
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>
}

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  let count = 0
  return {
    run(work, { signal, onWait }) {
      if (count > 0) onWait()
      count++
      const turn = last.then(() => {
        signal.throwIfAborted()
        return work()
      })
      last = turn.catch(() => {}).finally(() => count--)
      return turn
    },
    async idle() {
      for (let seen: unknown; seen !== last; ) {
        seen = last
        await seen
      }
    },
  }
}
