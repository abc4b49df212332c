// What the probes in the user's code (put there by probe.ts) tell while it runs: how often a loop's body ran and over what, how often a
// call was made, with what, how long it took. Kept by key, `FILE#NUMBER`; who reads the sources knows what each is.
import type { ValueFact } from '../facts.ts'
import { isInput, pathOf } from './inputs.ts'
import type { CallAlternative, FirstArgument } from './instead-of-calls.ts'
import { valueFact } from './values.ts'

export interface ProbeRecord {
  calls: number
  timeMs: number
  argument: ValueFact | null
  result: ValueFact | null
  /** What a loop reads and writes. */
  values: readonly ValueFact[]
  /** Most of them on their way at once: promises. */
  concurrent: number
  /** Its first argument is a path, and was not the same one every time, or is named by the sample. */
  varies?: boolean
  /** Another way to do a call, in turns. */
  tried?: CallAlternative
}

/** What code with probes calls, under a name of the global object. */
export interface Probes {
  /** A call begins. */
  b(key: string): void
  /** Its first argument, handed on. */
  a<T>(key: string, value: T): T
  /** Its result, handed on. `_begun`: what `b` gave, called before the expression is. */
  e<T>(key: string, _begun: unknown, value: T): T
  /** A loop's body begins; true the first time. */
  t(key: string): boolean
  v(key: string, values: readonly unknown[]): void
}

export const PROBES = '__whyslowProbes'

export class ProbeRecorder implements Probes {
  readonly seen = new Map<string, ProbeRecord>()
  /** First arguments, by key. */
  readonly given = new Map<string, FirstArgument>()
  private readonly begun = new Map<string, number[]>()
  private readonly open = new Map<string, number>()

  /** The sample that is predicted now; undefined: none. */
  private readonly sample: () => unknown

  constructor(sample: () => unknown = () => undefined) {
    this.sample = sample
  }

  private of(key: string): ProbeRecord {
    let found = this.seen.get(key)
    if (found === undefined) {
      found = { calls: 0, timeMs: 0, argument: null, result: null, values: [], concurrent: 0 }
      this.seen.set(key, found)
    }
    return found
  }

  b(key: string): void {
    const stack = this.begun.get(key)
    if (stack === undefined) this.begun.set(key, [performance.now()])
    else stack.push(performance.now())
  }

  a<T>(key: string, value: T): T {
    const one = this.of(key)
    one.argument ??= valueFact(value)
    const known = this.given.get(key)
    if (known === undefined) {
      this.given.set(key, { value, same: true })
      if (pathOf(value) !== null && isInput(value, this.sample())) one.varies = true
    } else if (known.value !== value) {
      known.same = false
      if (pathOf(known.value) !== pathOf(value)) one.varies = true
    }
    return value
  }

  e<T>(key: string, _begun: unknown, value: T): T {
    const end = performance.now()
    const start = this.begun.get(key)?.pop() ?? end
    const one = this.of(key)
    one.calls++
    one.result ??= valueFact(value)
    if (!(value instanceof Promise)) one.timeMs += end - start
    else {
      const open = (this.open.get(key) ?? 0) + 1
      this.open.set(key, open)
      one.concurrent = Math.max(one.concurrent, open)
      const settled = () => {
        one.timeMs += performance.now() - start
        this.open.set(key, (this.open.get(key) ?? 1) - 1)
      }
      value.then(settled, settled)
    }
    return value
  }

  t(key: string): boolean {
    return ++this.of(key).calls === 1
  }

  v(key: string, values: readonly unknown[]): void {
    this.of(key).values = values.map(valueFact)
  }

  /** What was seen so far was before the predictions. */
  reset(): void {
    for (const one of this.seen.values()) Object.assign(one, { calls: 0, timeMs: 0 })
  }
}
