// What the operating system says of the timed samples, summed over the processes that measured them. Shared by the rules about
// the machine: noise, throttling, paging, thread choice.

import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { Latency } from '@whyslow/measure/timing/types.ts'

export interface Totals {
  /** Timed predictions. */
  readonly predictions: number
  /** Wall time of the timed predictions, ms. */
  readonly wallMs: number
  /** Time that runnable threads waited for a CPU, ms, summed over threads. */
  readonly waitedMs: number
  /** Summed over CPUs. */
  readonly throttledCpuMs: number
  readonly stolenCpuMs: number
  readonly majorFaults: number
  readonly involuntarySwitches: number
}

/** Sums over the blocks whose regime is the one that the p50 is of. */
export function totalsOf(latency: Latency): Totals {
  const blocks = latency.blocks.filter((block) => block.regime === latency.regime)
  const sum = (of: (block: Latency['blocks'][number]) => number) => blocks.reduce((total, block) => total + of(block), 0)
  return {
    predictions: sum((block) => block.samplesMs.length),
    wallMs: sum((block) => block.wallMs),
    waitedMs: sum((block) => block.waitedMs),
    throttledCpuMs: sum((block) => block.throttledCpuMs),
    stolenCpuMs: sum((block) => block.stolenCpuMs),
    majorFaults: sum((block) => block.majorFaults),
    involuntarySwitches: sum((block) => block.involuntarySwitches),
  }
}

/**
 * The wait for a CPU inside the samples near the median, ms per prediction: the median over the blocks of the p50's regime, as the
 * mean of the engine's threads. The system adds up threads that wait at the same time; a prediction loses what one of them waits.
 */
export function waitInMedianMs(latency: Latency, threads: number): number {
  const waits = latency.blocks
    .filter((block) => block.regime === latency.regime)
    .map((block) => block.waitAtMedianMs / Math.max(1, threads))
  return medianOrNull(waits) ?? 0
}

/** Share 0..1 of the timed wall time; 0 if nothing was timed. */
export function shareOfWall(timeMs: number, totals: Totals): number {
  return totals.wallMs > 0 ? timeMs / totals.wallMs : 0
}
