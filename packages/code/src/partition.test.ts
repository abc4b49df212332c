import { describe, expect, test } from 'vitest'
import { partition, partitionScript, timingOverhead } from './partition.ts'

const block = (staged: boolean, stagesMs: readonly (readonly number[])[], totalMs: readonly number[]) => ({
  staged,
  wallMs: 0,
  samples: totalMs.map(() => 0),
  totalMs,
  stagesMs,
  cpuMs: null,
  gcMs: null,
})

describe('partition', () => {
  test('parts are of the calls nearest to the p50, and add up to it with what is unexplained', () => {
    const totals = [10, 10, 11, 50, 2]
    const found = partition(
      [
        block(
          true,
          [
            [4, 4, 4, 40, 1],
            [6, 6, 7, 10, 1],
          ],
          totals,
        ),
      ],
      2,
      10.5,
    )
    // Halfway between the first at 10 and the one at 11.
    expect(found.stages.map(({ timeMs }) => timeMs)).toEqual([4, 6.5])
    expect(found.unexplainedMs).toBeCloseTo(0)
  })

  test('without staged calls all is unexplained', () => {
    expect(partition([block(false, [], [3])], 1, 3)).toEqual({
      stages: [{ timeMs: 0, p50Ms: null, p99Ms: null }],
      unexplainedMs: 3,
    })
  })

  test('a script’s marks are summed by run', () => {
    const run = { totalMs: 10, marks: [{ name: 'a', timesMs: [1, 2] }] }
    expect(partitionScript([run], ['a', 'b'])).toEqual({
      stages: [
        { timeMs: 3, p50Ms: 1.5, p99Ms: null },
        { timeMs: 0, p50Ms: null, p99Ms: null },
      ],
      unexplainedMs: 7,
    })
    const overlapping = { totalMs: 10, marks: [{ name: 'a', timesMs: [6, 6], wholeMs: 8 }] }
    expect(partitionScript([overlapping], ['a'])).toEqual({ stages: [{ timeMs: 8, p50Ms: 6, p99Ms: null }], unexplainedMs: 2 })
  })

  test('what timing costs needs both kinds of blocks', () => {
    expect(timingOverhead([block(true, [], [11]), block(false, [], [10])])).toBeCloseTo(0.1)
    expect(timingOverhead([block(true, [], [11])])).toBeNull()
  })
})
