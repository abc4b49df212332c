import { describe, expect, it } from 'vitest'
import { exampleBlock as block } from '../../test/support/timing/example-block.ts'
import { summarize } from './latency.ts'
import { tellRegimes } from './regimes.ts'
import type { LatencyBlock } from './types.ts'

const cpus = { usableCpus: 4, onlineCpus: 4 }
const slow = { handoffBeforeNs: 400, handoffAfterNs: 390 }

describe('summarize', () => {
  it('takes the p50 over processes, not over samples', () => {
    const blocks = [block(1), block(1.01), block(0.99), block(1), block(1.02, { samplesMs: Array(5000).fill(1.02) })]
    const latency = summarize(blocks, 2, cpus)
    expect(latency.p50Ms).toBe(1)
    expect(latency.trust).toBe('A')
    expect(latency.ciLowMs).toBeLessThan(1)
    expect(latency.ciHighMs).toBeGreaterThan(1)
  })

  it('never averages two regimes', () => {
    const latency = summarize([block(1), block(1), block(1), block(2.5, slow), block(2.6, slow)], 2, cpus)
    expect(latency.p50Ms).toBe(1)
    expect(latency.regime).toBe('fast-handoff')
    expect(latency.otherRegimes).toEqual({ 'slow-handoff': 2.55 })
    expect(latency.trust).toBe('C')
    expect(latency.samplesMs).toHaveLength(300)
  })

  it('reports the slow regime where most processes were in it', () => {
    const latency = summarize([block(1), block(2.5, slow), block(2.5, slow)], 2, cpus)
    expect(latency.regime).toBe('slow-handoff')
    expect(latency.p50Ms).toBe(2.5)
  })

  it('has the interval of its samples where there is one process, and says so', () => {
    const samplesMs = [1, 1.2, 1.1]
    const latency = summarize([block(1.1, { samplesMs })], 2, cpus)
    expect(latency).toMatchObject({ p50Ms: 1.1, ciLowMs: 1, ciHighMs: 1.2, trust: 'C' })
    expect(latency.reasons[0]).toMatch(/only one process was measured, so the interval does not cover differences/)
    const one = summarize([block(1.1, { samplesMs: [1.1] })], 2, cpus)
    expect(one).toMatchObject({
      trust: 'D',
      reasons: [expect.stringMatching(/only one prediction was timed/), latency.reasons[0]!],
    })
    // Alone in the regime that is reported: no other process says how far they differ.
    const apart = summarize([block(1.1, { samplesMs }), block(2.5, { handoffAfterNs: 400 })], 2, cpus)
    expect(apart).toMatchObject({ p50Ms: 1.1, ciLowMs: 1, ciHighMs: 1.2 })
  })

  it('knows one regime where one thread predicts', () => {
    expect(Object.keys(summarize([block(1), block(1, slow), block(1)], 1, cpus).otherRegimes)).toEqual([])
  })

  it('sets a block apart whose handoff changed within it', () => {
    const regimes = tellRegimes([block(1), block(1, { handoffAfterNs: 400 })], 2).map(({ regime }) => regime)
    expect(regimes).toEqual(['fast-handoff', 'changing-handoff'])
  })

  it('takes a block whose handoff could not be measured for one of the others', () => {
    const untold = { handoffBeforeNs: null, handoffAfterNs: null }
    const latency = summarize([block(1), block(1, untold), block(1), block(1), block(1)], 2, cpus)
    expect(latency).toMatchObject({ trust: 'A', reasons: [], otherRegimes: {} })
    const regimesOf = (...given: readonly LatencyBlock[]) => tellRegimes(given, 2).map(({ regime }) => regime)
    // Where the others differ, nothing tells; and it is never what is reported.
    expect(regimesOf(block(1, untold), block(1), block(2, slow))).toEqual(['handoff-unknown', 'fast-handoff', 'slow-handoff'])
    expect(summarize([block(3, untold), block(3, untold), block(1), block(2, slow)], 2, cpus).p50Ms).toBe(1)
    expect(regimesOf(block(1, untold), block(1, untold))).toEqual(['handoff-unknown', 'handoff-unknown'])
    // One that changed says nothing of the others.
    expect(regimesOf(block(1, untold), block(1, { handoffAfterNs: 400 }), block(1))).toEqual([
      'fast-handoff',
      'changing-handoff',
      'fast-handoff',
    ])
  })

  it('grades by what disturbed the samples, with the reason', () => {
    const waited = summarize(
      Array.from({ length: 5 }, () => block(1, { waitedMs: 20 })),
      2,
      cpus,
    )
    // 10 ms of 100 ms on each of two threads.
    expect(waited.trust).toBe('C')
    expect(waited.reasons.join()).toContain('waited for a CPU 10 %')
    expect(summarize([block(1), block(1), block(1)], 2, cpus).trust).toBe('B')
    expect(summarize([block(1), block(2), block(3), block(1), block(2)], 2, cpus).trust).toBe('D')
  })
  it('divides what is summed over CPUs by them', () => {
    const all = (given: Partial<LatencyBlock>) =>
      summarize(
        Array.from({ length: 5 }, () => block(1, given)),
        2,
        cpus,
      )
    // Of 100 ms: 1.9 % of each of four CPUs, and 0.9 % of both that the threads ran on.
    expect(all({ stolenCpuMs: 7.6, throttledCpuMs: 1.8 })).toMatchObject({ trust: 'A', reasons: [] })
    expect(all({ stolenCpuMs: 12 }).reasons).toEqual([
      'shared VM: the hypervisor gave the CPUs to other guests 3.0 % of the time (steal time)',
    ])
    expect(all({ throttledCpuMs: 4 }).reasons).toEqual([
      "CPU limit: the container's quota throttled the process 2.0 % of the time",
    ])
  })
})
