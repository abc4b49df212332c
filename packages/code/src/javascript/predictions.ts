// The user's stages, called as their program would call them. Nothing but a clock stands between two stages, so that they add up to the
// whole; a promise is waited for, a generator run until it is empty, anything else is handed on at once.

import type { Block } from '../protocol.ts'
import { isGivenModel, stepOf, type UserFunction, type UserStage, type UserTarget } from '../turns/contract.ts'
import { finishValue, isThenable } from '../turns/finish-value.ts'
import type { Whereabouts } from './channel.ts'

/** The user's code threw; where, stands in the whereabouts. */
export class UserError extends Error {
  readonly thrown: unknown
  constructor(thrown: unknown) {
    super('the user’s code threw')
    this.thrown = thrown
  }
}

/** Functions in a list, whose elements are no constants for V8. */
const called: UserFunction[] = []

const callWith = (call: UserFunction, x: unknown): unknown => call(x)
const callWithModel = (call: UserFunction, model: unknown, x: unknown): unknown => call(model, x)

/** V8 inlines what is always the same function, and its profiler then shows the caller's name alone; from these places many are called. */
function keepApart(): void {
  const others: readonly UserFunction[] = [(x) => x, (x) => !x, (x) => [x], () => null]
  for (let k = 0; k < OTHER_CALLS; k++) {
    callWith(others[k % others.length]!, k)
    callWithModel(others[k % others.length]!, k, k)
  }
}

/** What is given the model is called with it here; anything else in the way that the contract says. */
const plainOf = (stage: UserStage, model: unknown): UserFunction =>
  isGivenModel(stage, model) ? stage.call : stepOf(stage, model)

/** Enough for V8 to have begun to note who is called. */
const OTHER_CALLS = 4000

/** Share of a prediction's time that writing where it is may cost. */
const WRITING_SHARE = 0.004

const now = (): number => performance.now()

/** Times of one call, ms. */
export interface CallTimes {
  readonly start: number
  /** After each stage. */
  readonly marks: readonly number[]
  readonly value: unknown
}

export class Predictions {
  readonly stages: readonly UserFunction[]
  private next = 0
  private writes = true

  readonly target: UserTarget
  readonly samples: readonly unknown[]
  readonly whereabouts: Whereabouts

  constructor(target: UserTarget, model: unknown, samples: readonly unknown[], whereabouts: Whereabouts) {
    this.target = target
    this.samples = samples
    this.whereabouts = whereabouts
    keepApart()
    this.stages = target.stages.map((stage) => {
      const at = called.push(plainOf(stage, model)) - 1
      return isGivenModel(stage, model)
        ? (x: unknown) => finishValue(callWithModel(called[at]!, model, x))
        : (x: unknown) => finishValue(callWith(called[at]!, x))
    })
  }

  /** How long writing the state takes, so that short predictions are not slowed by it. */
  learn(predictionMs: number): void {
    const tries = 20
    const start = now()
    for (let k = 0; k < tries; k++) this.whereabouts.at(-1, -1)
    const costMs = ((now() - start) / tries) * (this.stages.length + 1)
    this.writes = costMs < WRITING_SHARE * predictionMs
  }

  private take(): number {
    const at = this.next
    this.next = (at + 1) % this.samples.length
    return at
  }

  private mark(stage: number, sample: number): void {
    if (this.writes) this.whereabouts.at(stage, sample)
    else this.whereabouts.note(stage, sample)
  }

  /** One call with every stage timed. */
  async staged(): Promise<CallTimes & { readonly sample: number }> {
    const marks: number[] = []
    return { ...(await this.call(marks)), marks }
  }

  /** One call, timed as a whole. */
  async whole(): Promise<{ readonly totalMs: number; readonly sample: number }> {
    const { start, end, sample } = await this.call(null)
    return { totalMs: end - start, sample }
  }

  /** `marks`: gets the time at which each stage ended; null: only the whole call is timed. */
  private async call(marks: number[] | null) {
    const sample = this.take()
    let value = this.samples[sample]
    try {
      const { stages } = this
      this.mark(0, sample)
      const start = now()
      for (let stage = 0; stage < stages.length; stage++) {
        if (stage > 0) this.mark(stage, sample)
        const given = stages[stage]!(value)
        value = isThenable(given) ? await given : given
        marks?.push(now())
      }
      return { start, end: now(), value, sample }
    } catch (error) {
      throw new UserError(error)
    }
  }

  /** Calls for `budgetMs`, at least `least`. `onCall`: the interval of each stage, for who joins other events with them. */
  async block(staged: boolean, budgetMs: number, least: number, onCall?: (call: CallTimes) => void): Promise<Block> {
    const samples: number[] = []
    const totalMs: number[] = []
    const stagesMs: number[][] = staged ? this.stages.map(() => []) : []
    const cpu = process.cpuUsage()
    const began = now()
    while (now() - began < budgetMs || totalMs.length < least) {
      if (!staged) {
        const call = await this.whole()
        samples.push(call.sample)
        totalMs.push(call.totalMs)
        continue
      }
      const call = await this.staged()
      samples.push(call.sample)
      let before = call.start
      for (const [stage, mark] of call.marks.entries()) {
        stagesMs[stage]!.push(mark - before)
        before = mark
      }
      totalMs.push(before - call.start)
      onCall?.(call)
    }
    const wallMs = now() - began
    const { user, system } = process.cpuUsage(cpu)
    const cpuMs = (user + system) / 1000 / totalMs.length
    return { staged, wallMs, samples, totalMs, stagesMs, cpuMs, gcMs: null }
  }
}

/** Lets timers, observers and whatever else waits have their turn. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
