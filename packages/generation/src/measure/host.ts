// What a call costs the process that makes it, apart from its time: how long its event loop is not free, and pages that are read from the disk.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { EventLoopFact, FaultsFact } from '../facts.ts'
import type { Generator } from '../generator.ts'

export interface HostFacts {
  readonly eventLoop: EventLoopFact
  /** null: fewer than two calls were made. */
  readonly faults: FaultsFact | null
}

const RESOLUTION_MS = 10

/** `open`: the generator, watched from the moment that it is open. `facts`: since then. */
export function watchHost(
  open: () => Promise<Generator>,
  majorFaults: () => number = () => process.resourceUsage().majorPageFault,
) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const faults: number[] = []
  let begun = performance.eventLoopUtilization()
  return {
    async open(): Promise<Generator> {
      const generator = await open()
      begun = performance.eventLoopUtilization()
      delay.enable()
      const generate: Generator['generate'] = async (request, onToken) => {
        const before = majorFaults()
        const made = await generator.generate(request, onToken)
        faults.push(majorFaults() - before)
        return made
      }
      // Methods of a generator may need it as their own `this`.
      return Object.create(generator, { generate: { value: generate } }) as Generator
    },
    facts(): HostFacts {
      delay.disable()
      const { utilization } = performance.eventLoopUtilization(begun)
      // A timer is late by what it waits beyond its own interval.
      const longestDelayMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS)
      const [first, ...later] = faults
      return {
        eventLoop: { utilization, longestDelayMs: Number.isFinite(longestDelayMs) ? longestDelayMs : 0 },
        faults: first === undefined || later.length === 0 ? null : { firstCall: first, laterCall: median(later) },
      }
    },
  }
}
