// One process's share of a latency measurement, on a quiet machine: what tests of blocks, rounds and gathering are made of.
import type { LatencyBlock } from '../../../src/timing/types.ts'

export const exampleBlock = (p50Ms: number, given: Partial<LatencyBlock> = {}): LatencyBlock => ({
  process: 0,
  p50Ms,
  samplesMs: Array(100).fill(p50Ms),
  loadMs: 10,
  firstMs: 2,
  warmupMs: 50,
  warmupRuns: 20,
  wallMs: 100 * p50Ms,
  handoffBeforeNs: 150,
  handoffAfterNs: 150,
  regime: '',
  waitAtMedianMs: 0,
  waitedMs: 0,
  throttledCpuMs: 0,
  stolenCpuMs: 0,
  majorFaults: 0,
  involuntarySwitches: 0,
  gcMs: 0,
  clockRatio: 1,
  loadPeakBytes: null,
  predictPeakBytes: null,
  keptBytes: null,
  ...given,
})

/** The handoff on a machine whose threads hand over slowly all the time, ns; null: it could not be measured. */
export const blockWithHandoff = (p50Ms: number, handoffNs: number | null): LatencyBlock =>
  exampleBlock(p50Ms, { handoffBeforeNs: handoffNs, handoffAfterNs: handoffNs })
