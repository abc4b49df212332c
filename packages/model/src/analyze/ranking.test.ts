import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { orderOf, type PairedRatio, pairedOrder, rank } from './ranking.ts'

/** `b` over `a` with ±5 %. */
const pair = (a: string, b: string, ratio: number, spread = 0.05): PairedRatio => ({
  a,
  b,
  ratio,
  ratioLow: ratio * (1 - spread),
  ratioHigh: ratio * (1 + spread),
})

describe('the order of two', () => {
  test('an interval that holds 1 tells nothing', () => {
    expect(orderOf(pair('a', 'b', 2))).toBe('faster')
    expect(orderOf(pair('a', 'b', 0.5))).toBe('slower')
    expect(orderOf(pair('a', 'b', 1.04))).toBe('no-difference')
    expect(orderOf({ ratioLow: 1, ratioHigh: 2 })).toBe('no-difference')
  })

  test('reads a pair from both sides, and none where there is none', () => {
    const pairs = [pair('a', 'b', 2)]
    expect(pairedOrder('a', 'b', pairs)).toBe('faster')
    expect(pairedOrder('b', 'a', pairs)).toBe('slower')
    expect(pairedOrder('a', 'c', pairs)).toBe('no-difference')
  })
})

describe('ranking', () => {
  test('those that cannot be told apart share a place', () => {
    const measured = [
      { id: 'slow', p50Ms: 30 },
      { id: 'fast', p50Ms: 10 },
      { id: 'alike', p50Ms: 10.2 },
    ]
    const pairs = [pair('slow', 'fast', 1 / 3), pair('slow', 'alike', 0.34), pair('fast', 'alike', 1.02)]
    expect(rank(measured, pairs)).toEqual([
      { id: 'fast', place: 1, tiedWith: ['alike'] },
      { id: 'alike', place: 1, tiedWith: ['fast'] },
      { id: 'slow', place: 3, tiedWith: [] },
    ])
  })

  test('one in the middle can be tied with both its neighbours, which are told apart', () => {
    const measured = ['a', 'b', 'c'].map((id, i) => ({ id, p50Ms: 10 + i }))
    const pairs = [pair('a', 'b', 1.04), pair('b', 'c', 1.04), pair('a', 'c', 1.08)]
    expect(rank(measured, pairs).map(({ id, place }) => [id, place])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ])
  })

  test('well apart, the order is that of the times, whatever the order they are given in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 }), (exponents) => {
        const measured = exponents.map((exponent) => ({ id: `e${exponent}`, p50Ms: 1.5 ** exponent }))
        const pairs = measured.flatMap((a, i) => measured.slice(i + 1).map((b) => pair(a.id, b.id, b.p50Ms / a.p50Ms)))
        const ranked = rank(measured, pairs)
        expect(ranked.map(({ id }) => id)).toEqual([...exponents].sort((x, y) => x - y).map((exponent) => `e${exponent}`))
        expect(ranked.map(({ place }) => place)).toEqual(exponents.map((_, i) => i + 1))
      }),
    )
  })
})
