// Latencies from lines with known crossings: a takes 1 + 1 per sample, b takes 9 + 0.5 per sample; equal at (9 - 1) / (1 - 0.5) = 16.

import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { describe, expect, test } from 'vitest'
import { breakEven, missOf } from './break-even.ts'

const line = (fixedMs: number, perUnitMs: number, batches: readonly number[]): Sweep => ({
  dimension: 'batch',
  unit: 'samples',
  points: batches.map((at) => {
    const p50Ms = fixedMs + perUnitMs * at
    return { at, p50Ms, ciLowMs: p50Ms, ciHighMs: p50Ms }
  }),
  fit: { fixedMs, perUnitMs },
  current: 1,
})

/** b / a at each batch, ±5 %. */
const orders = (a: Sweep, b: Sweep) =>
  a.points.map(({ at, p50Ms }, i) => {
    const ratio = b.points[i]!.p50Ms / p50Ms
    return { batch: at, ratio: { ratio, ratioLow: ratio * 0.95, ratioHigh: ratio * 1.05 } }
  })

const between = (batches: readonly number[]) => {
  const [a, b] = [line(1, 1, batches), line(9, 0.5, batches)]
  return breakEven({ id: 'a', sweep: a }, { id: 'b', sweep: b }, orders(a, b))
}

describe('break-even', () => {
  test('measured: the first batch from which the other is faster at every one', () => {
    // At 16 they are equal, at 32 it is 33 against 25.
    expect(between([1, 8, 16, 32])).toMatchObject({
      winner: { small: 'a', large: 'b' },
      from: { batch: 32, basis: 'measured' },
      orders: [{ order: 'faster' }, { order: 'faster' }, { order: 'no-difference' }, { order: 'slower' }],
    })
  })

  test('the order in which batches are given does not matter', () => {
    expect(between([32, 1, 16, 8])).toEqual(between([1, 8, 16, 32]))
  })

  test('modelled: beyond the measured batches, where the lines cross', () => {
    expect(between([1, 2, 4])).toMatchObject({ winner: { small: 'a', large: 'b' }, from: { batch: 16, basis: 'modelled' } })
  })

  test('none where one is better at fixed cost and per sample', () => {
    const [a, b] = [line(1, 1, [1, 4, 8]), line(2, 2, [1, 4, 8])]
    expect(breakEven({ id: 'a', sweep: a }, { id: 'b', sweep: b }, orders(a, b))).toMatchObject({ winner: null, from: null })
  })

  test('none where the crossing lies too far out', () => {
    // (101 - 1) / (1 - 0.9) = 1000, over 16 times 4.
    const [a, b] = [line(1, 1, [1, 2, 4]), line(101, 0.9, [1, 2, 4])]
    expect(breakEven({ id: 'a', sweep: a }, { id: 'b', sweep: b }, orders(a, b)).from).toBeNull()
  })

  test('none from lines that miss their own points', () => {
    const [a, bent] = [line(1, 1, [1, 2, 4]), { ...line(9, 0.5, [1, 2, 4]), fit: { fixedMs: 6, perUnitMs: 0.5 } }]
    expect(missOf(bent, bent.fit)).toBeGreaterThan(0.15)
    expect(breakEven({ id: 'a', sweep: a }, { id: 'b', sweep: bent }, orders(a, bent)).from).toBeNull()
  })

  test('none where nothing could be told apart', () => {
    const a = line(1, 1, [1, 2])
    expect(breakEven({ id: 'a', sweep: a }, { id: 'b', sweep: a }, orders(a, a))).toMatchObject({ winner: null, from: null })
  })
})
