import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Border, chooseRegions, costOf, type RegionNode } from './regions.ts'

const free = (): Border => ({ quantizeMs: 0, dequantizeMs: 0 })
const node = (name: string, floatMs: number, int8Ms: number | undefined, reads: string[], makes: string[]): RegionNode => ({
  name,
  floatMs,
  int8Ms,
  reads,
  makes,
})

describe('regions', () => {
  // x -> a -> u -> b -> v -> c -> y: a and c gain 4 ms each, b loses 1, each conversion costs 1.
  const chain = [node('a', 5, 1, ['x'], ['u']), node('b', 1, 2, ['u'], ['v']), node('c', 5, 1, ['v'], ['y'])]

  test('what loses a little between gainers stays in int8 where the borders cost more', () => {
    const border = () => ({ quantizeMs: 1, dequantizeMs: 1 })
    // All int8: 1 + 2 + 1, and one conversion at either end: 6. With b in float: 1 + 1 + 1 and four conversions: 7.
    expect(chooseRegions(chain, ['y'], border)).toEqual({ int8: new Set(['a', 'b', 'c']), totalMs: 6 })
  })

  test('and goes back to float where borders are cheap', () => {
    const border = () => ({ quantizeMs: 0.25, dequantizeMs: 0.25 })
    // All int8: 4.5. With b in float: 3 + 1 = 4.
    expect(chooseRegions(chain, ['y'], border)).toEqual({ int8: new Set(['a', 'c']), totalMs: 4 })
  })

  test('what cannot be int8 is float, at any price', () => {
    expect(chooseRegions([node('a', 100, undefined, ['x'], ['y'])], ['y'], free)).toEqual({ int8: new Set(), totalMs: 100 })
  })

  test('a value that two read is converted once', () => {
    // a made in float; b and c gain 2 ms each over a conversion of 3 that they share: 4 > 3.
    const fork = [node('a', 0, undefined, ['x'], ['u']), node('b', 4, 2, ['u'], ['v']), node('c', 4, 2, ['u'], ['w'])]
    const border = (value: string) => ({ quantizeMs: value === 'u' ? 3 : 0, dequantizeMs: 0 })
    expect(chooseRegions(fork, ['v', 'w'], border)).toEqual({ int8: new Set(['b', 'c']), totalMs: 7 })
  })

  test('never worse than any other assignment of small random graphs', () => {
    const time = fc.integer({ min: 0, max: 20 }).map((n) => n / 4)
    const graphs = fc.array(
      fc.record({
        floatMs: time,
        int8Ms: fc.option(time, { nil: undefined }),
        reads: fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 3 }),
        bound: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    )
    fc.assert(
      fc.property(graphs, fc.array(time, { minLength: 16, maxLength: 16 }), fc.nat({ max: 7 }), (drawn, times, last) => {
        // Value 0 comes from outside, node k makes value k + 1 of values before it.
        const nodes = drawn.map(({ floatMs, int8Ms, reads, bound }, k): RegionNode => {
          const names = reads.map((value) => `v${value % (k + 1)}`)
          return { ...node(`n${k}`, floatMs, int8Ms, names, [`v${k + 1}`]), ...(bound && k > 0 ? { sameAs: `n${k - 1}` } : {}) }
        })
        const border = (value: string) => {
          const k = Number(value.slice(1))
          return { quantizeMs: times[k]!, dequantizeMs: times[k + 8]! }
        }
        const outputs = [`v${nodes.length}`, `v${last % (nodes.length + 1)}`]
        let least = Number.POSITIVE_INFINITY
        for (let bits = 0; bits < 1 << nodes.length; bits++) {
          const int8 = new Set(nodes.filter((_, k) => (bits >> k) & 1).map(({ name }) => name))
          least = Math.min(least, costOf(nodes, outputs, border, int8))
        }
        const found = chooseRegions(nodes, outputs, border)
        expect(found.totalMs).toBeCloseTo(least, 9)
        expect(costOf(nodes, outputs, border, found.int8)).toBeCloseTo(least, 9)
      }),
      { numRuns: 300 },
    )
  })

  test('a chain of ten thousand nodes is no matter of recursion', () => {
    const long = Array.from({ length: 10_000 }, (_, k) => node(`n${k}`, 2, 1, [`v${k}`], [`v${k + 1}`]))
    const { int8, totalMs } = chooseRegions(long, ['v10000'], () => ({ quantizeMs: 1, dequantizeMs: 1 }))
    expect([int8.size, totalMs]).toEqual([10_000, 10_002])
  })
})
