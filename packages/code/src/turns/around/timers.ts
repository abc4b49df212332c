// Timers and immediates that are not a call's own: what begins while no call is on its way, and what that begins in turn. They can be held
// still: an interval leaves its turns out, anything else waits for its release. Node's own functions are kept for whoever measures.
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'

const timers = process.getBuiltinModule('node:timers')
const promises = process.getBuiltinModule('node:timers/promises')

/** As Node has them, whatever is put in their place. */
const own = {
  setTimeout: timers.setTimeout,
  setInterval: timers.setInterval,
  setImmediate: timers.setImmediate,
  later: promises.setTimeout,
  soon: promises.setImmediate,
}

/** Waits, ms; never held. */
export const wait = (ms: number): Promise<unknown> => own.later(ms)

export interface WatchedTimers {
  /** Whether a call is on its way: what begins then is the call's own. */
  within(isCall: boolean): void
  hold(): void
  release(): void
}

type Callback = (...given: unknown[]) => unknown

/** Watches timers. Call it before the user's code is loaded. */
export function watchTimers(): WatchedTimers {
  let isCall = false
  let isBackground = false
  let held = false
  const waiting: (() => void)[] = []
  const isCalls = (): boolean => isCall && !isBackground
  const run = (callback: Callback, self: unknown, given: readonly unknown[]): unknown => {
    const before = isBackground
    isBackground = true
    try {
      return callback.apply(self, [...given])
    } finally {
      isBackground = before
    }
  }
  const released = async (): Promise<void> => {
    while (held) await new Promise<void>((resolve) => void waiting.push(resolve))
  }

  const setTimeout = (callback: Callback, ms?: number, ...given: unknown[]) => {
    if (isCalls() || typeof callback !== 'function') return own.setTimeout(callback, ms, ...given)
    return own.setTimeout(function (this: NodeJS.Timeout) {
      // It stays the timer that its owner knows, and can be cleared.
      if (held) this.refresh()
      else run(callback, this, given)
    }, ms)
  }
  const setInterval = (callback: Callback, ms?: number, ...given: unknown[]) => {
    if (isCalls() || typeof callback !== 'function') return own.setInterval(callback, ms, ...given)
    return own.setInterval(function (this: NodeJS.Timeout) {
      if (!held) run(callback, this, given)
    }, ms)
  }
  const setImmediate = (callback: Callback, ...given: unknown[]) => {
    if (isCalls() || typeof callback !== 'function') return own.setImmediate(callback, ...given)
    const again = (): void => {
      if (held) waiting.push(() => own.setImmediate(again))
      else run(callback, undefined, given)
    }
    return own.setImmediate(again)
  }
  const later: typeof own.later = async (ms, value, options) => {
    const isTheirs = isCalls()
    const given = await own.later(ms, value, options)
    if (!isTheirs) await released()
    return given
  }
  const soon: typeof own.soon = async (value, options) => {
    const isTheirs = isCalls()
    const given = await own.soon(value, options)
    if (!isTheirs) await released()
    return given
  }
  Object.defineProperty(setTimeout, promisify.custom, { value: later })
  Object.defineProperty(setImmediate, promisify.custom, { value: soon })
  for (const holder of [timers, globalThis]) Object.assign(holder, { setTimeout, setInterval, setImmediate })
  Object.assign(promises, { setTimeout: later, setImmediate: soon })
  syncBuiltinESMExports()

  return {
    within(given) {
      isCall = given
    },
    hold() {
      held = true
    },
    release() {
      held = false
      for (const one of waiting.splice(0)) one()
    },
  }
}
