// Sessions of onnxruntime that are at work in addition to the one that the calls are about. While they are held they answer with what they gave
// before, so that a call goes on as it does, and nothing computes.
import { watchEngines } from '../engine-calls.ts'
import { wait } from './timers.ts'

// biome-ignore lint/suspicious/noExplicitAny: shapes of a package that is the user's
type Anything = any

export interface WatchedSession {
  /** The path of its model; null: from memory. */
  readonly file: string | null
  runs: number
  ms: number
  /** What it gave in the pass that was kept, in the order of its runs. */
  kept: unknown[]
  next: number
  /** Answers that are still due in the passes to come. */
  due: number
  last: unknown
}

/** Runs of each session over a while. */
export type SessionRuns = ReadonlyMap<WatchedSession, { readonly runs: number; readonly ms: number }>

export class WatchedSessions {
  private readonly all: WatchedSession[] = []
  private state: 'free' | 'keeping' | 'held' = 'free'
  /** The one that goes on while the others are held. */
  main: WatchedSession | null = null

  /** Create it before the user's code is loaded. */
  constructor() {
    watchEngines<{ readonly one: WatchedSession; readonly Tensor: Anything }>(
      {
        opened: ({ modelFile }, _, { Tensor }) => {
          const one: WatchedSession = { file: modelFile, runs: 0, ms: 0, kept: [], next: 0, due: 0, last: null }
          this.all.push(one)
          return { one, Tensor }
        },
        run: ({ one, Tensor }, _, run) => this.asked(one, Tensor, run as () => Promise<unknown>),
      },
      /onnxruntime/,
    )
  }

  /** Since it was asked last. */
  ran(): SessionRuns {
    const found = new Map(this.all.filter(({ runs }) => runs > 0).map((one) => [one, { runs: one.runs, ms: one.ms }]))
    for (const one of this.all) Object.assign(one, { runs: 0, ms: 0 })
    return found
  }

  /** Starts keeping all outputs of a pass that ends with `hold`. */
  keep(): void {
    for (const one of this.all) Object.assign(one, { kept: [], next: 0, due: 0 })
    this.state = 'keeping'
  }

  hold(): void {
    this.state = 'held'
  }

  release(): void {
    this.state = 'free'
  }

  /** A pass begins that is like the one that was kept. */
  pass(): void {
    for (const one of this.all) one.due += one.kept.length
  }

  private asked(one: WatchedSession, Tensor: Anything, run: () => Promise<unknown>): Promise<unknown> {
    if (this.state === 'held' && one !== this.main) return this.answered(one, Tensor)
    one.runs++
    const place = this.state === 'keeping' ? one.kept.push(null) - 1 : null
    const start = performance.now()
    return run().then((outputs) => {
      one.ms += performance.now() - start
      if (one !== this.main) {
        one.last = copyOf(outputs, Tensor)
        if (place !== null && place < one.kept.length) one.kept[place] = one.last
      }
      return outputs
    })
  }

  /** Answers at once if an answer is due; a caller that asks more often works in the background, and waits as for a run of one millisecond. */
  private async answered(one: WatchedSession, Tensor: Anything): Promise<unknown> {
    if (one.due > 0 && one.kept.length > 0) {
      one.due--
      return copyOf(one.kept[one.next++ % one.kept.length] ?? one.last, Tensor)
    }
    await wait(1)
    return copyOf(one.last, Tensor)
  }
}

/** New tensors, as a session gives them: they may be disposed of, and written into. */
function copyOf(outputs: unknown, Tensor: Anything): unknown {
  if (typeof outputs !== 'object' || outputs === null) return outputs
  return Object.fromEntries(Object.entries(outputs).map(([name, one]) => [name, copied(one, Tensor)]))
}

function copied(tensor: Anything, Tensor: Anything): unknown {
  const isHere = tensor?.location === undefined || /^cpu/.test(String(tensor.location))
  if (!isHere || tensor?.data?.slice === undefined || Tensor === undefined) return tensor
  return new Tensor(tensor.type, tensor.data.slice(), tensor.dims)
}
