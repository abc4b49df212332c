// What a prediction would take on another machine, or with fewer bits: a formula over measured parts, and called so.
import type { Report } from '../page-data.ts'

export interface WhatIf {
  /** How many times as fast as this machine. */
  readonly peak: number
  readonly bandwidth: number
  /** How much of the cost of calls and starts is left, 0..1. */
  readonly overhead: number
  /** Share of the arithmetic that would run in int8, 0..1. */
  readonly int8: number
}

export const UNCHANGED: WhatIf = { peak: 1, bandwidth: 1, overhead: 1, int8: 0 }

/** What int8 kernels were measured to do here, over float32; null if they were not. */
export function int8Gain({ machine }: Report): number | null {
  const { float32, int8 } = machine.roofs[0]?.flopsPerSecond ?? {}
  return float32 !== undefined && int8 !== undefined && float32 > 0 && int8 > float32 ? int8 / float32 : null
}

/** Parts that are starts of operators and of the call; the rest of software's time is within kernels. */
const OVERHEAD: readonly string[] = ['starting operators', 'the call']

/** ms. Hardware's share that is waiting is moved with the bandwidth no more than with anything else: it stays. */
export function modelledMs(report: Report, { peak, bandwidth, overhead, int8 }: WhatIf): number {
  const gain = int8Gain(report) ?? 1
  const inInt8 = 1 - int8 + int8 / gain
  return report.breakdown.reduce((sum, { part, area, timeMs }) => {
    if (area === 'architecture') return sum + (timeMs * inInt8) / peak
    if (part === 'memory traffic at the bandwidth') return sum + timeMs / bandwidth
    if (OVERHEAD.includes(part)) return sum + timeMs * overhead
    return sum + timeMs
  }, 0)
}
