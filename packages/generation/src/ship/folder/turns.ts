// One generation at a time, the others in a line of bounded length, in the order they came.

export interface Line {
  /** Runs `work` when its turn comes; null: the line is full. Who leaves while waiting is skipped: `work` is not called, and it rejects. */
  join<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> | null
  readonly waiting: number
}

export function lineOf(most: number): Line {
  const waiting: (() => void)[] = []
  let isBusy = false
  const next = () => {
    const begin = waiting.shift()
    if (begin === undefined) isBusy = false
    else begin()
  }
  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!isBusy) {
        isBusy = true
        return resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(begin), 1)
        reject(signal.reason)
      }
      const begin = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      waiting.push(begin)
      signal.addEventListener('abort', leave, { once: true })
    })
  return {
    join(work, signal) {
      if (isBusy && waiting.length >= most) return null
      return turn(signal).then(() => work().finally(next))
    },
    get waiting() {
      return waiting.length
    },
  }
}
