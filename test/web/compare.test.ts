// Two documents beside each other: what is the same operator, and when a difference is shown.
import { describe, expect, test } from 'vitest'
import {
  changeOf,
  conditions,
  latencyChange,
  orderOf,
  pairsOf,
  thingsOf,
  timeInterval,
} from '../../packages/report/web/src/beside/compare.ts'
import type { Node, Report } from '../../packages/report/web/src/page-data.ts'
import { transformer } from '../page/documents.ts'

const node = (name: string, opType: string, timeMs: number, origin: string[] = []): Node => ({
  ...transformer.nodes[0]!,
  ...{ name, opType, timeMs, origin },
})
const took = (p50Ms: number, ciLowMs: number, ciHighMs: number): Report => ({
  ...transformer,
  latency: { ...transformer.latency!, p50Ms, ciLowMs, ciHighMs },
})

describe('the latency', () => {
  test.each([
    [took(10, 9, 11), took(5, 4, 6), 'faster'],
    [took(5, 4, 6), took(10, 9, 11), 'slower'],
    [took(10, 9, 11), took(8, 7, 9.5), 'no-difference'],
    // Intervals that touch show nothing.
    [took(10, 9, 11), took(8, 7, 9), 'no-difference'],
    [took(10, 9, 11), took(12, 11, 13), 'no-difference'],
  ])('%#: %3$s', (before, after, order) => {
    expect(latencyChange(before, after)!.order).toBe(order)
  })

  test('the ratio is after over before, with all that the two intervals leave open', () => {
    expect(latencyChange(took(10, 8, 12), took(5, 4, 6))).toEqual({ ratio: 0.5, low: 4 / 12, high: 6 / 8, order: 'faster' })
  })

  test('without a latency, or with one of nothing, there is no ratio', () => {
    const none = { ...transformer, latency: null }
    expect(latencyChange(none, took(1, 1, 1))).toBeNull()
    expect(latencyChange(took(1, 1, 1), none)).toBeNull()
    expect(latencyChange(took(0, 0, 0), took(1, 1, 1))).toBeNull()
    expect(latencyChange(took(1, 0, 2), took(1, 1, 1))).toBeNull()
  })
})

describe('operators', () => {
  test('belong together by the user’s name, whatever the engine calls them; the largest change comes first', () => {
    const pairs = pairsOf(
      [node('k1', 'Conv', 5, ['/a']), node('k2', 'Add', 1, ['/b']), node('k3', 'Relu', 2, ['/gone'])],
      [node('j9', 'Add', 1.5, ['/b']), node('j8', 'FusedConv', 1, ['/a']), node('new', 'Gemm', 3)],
    )
    expect(pairs).toEqual([
      { name: '/a', opType: 'Conv → FusedConv', beforeMs: 5, afterMs: 1, changeMs: -4 },
      { name: 'new', opType: 'Gemm', beforeMs: null, afterMs: 3, changeMs: 3 },
      { name: '/gone', opType: 'Relu', beforeMs: 2, afterMs: null, changeMs: -2 },
      { name: '/b', opType: 'Add', beforeMs: 1, afterMs: 1.5, changeMs: 0.5 },
    ])
  })

  test('of several with one name, those that run first belong together, and none is lost', () => {
    const same = (times: number[]) => times.map((ms) => node('x', 'Add', ms))
    expect(pairsOf(same([1, 2, 3]), same([10, 20])).map(({ beforeMs, afterMs }) => [beforeMs, afterMs])).toEqual([
      [2, 20],
      [1, 10],
      [3, null],
    ])
  })

  test('changes add up to the difference of all operators', () => {
    const { nodes } = transformer
    const after = nodes.slice(5).map((one, at) => ({ ...one, timeMs: one.timeMs * (at % 3) }))
    const sum = (all: readonly { timeMs: number }[]) => all.reduce((total, { timeMs }) => total + timeMs, 0)
    const changed = pairsOf(nodes, after).reduce((total, { changeMs }) => total + changeMs, 0)
    expect(changed).toBeCloseTo(sum(after) - sum(nodes), 9)
  })
})

describe('things with intervals', () => {
  const thing = (before: [number, number, number] | null, after: [number, number, number] | null) => ({
    before: before && timeInterval(...before),
    after: after && timeInterval(...after),
  })

  test('are told apart only if their intervals do not touch', () => {
    expect(orderOf(thing([5, 4, 6], [8, 7, 9]))).toBe('slower')
    expect(orderOf(thing([8, 7, 9], [5, 4, 6]))).toBe('faster')
    expect(orderOf(thing([5, 4, 6], [7, 6, 8]))).toBe('no-difference')
    expect(orderOf(thing([5, 4, 6], null))).toBeNull()
    expect(orderOf({ before: timeInterval(5, 4, null), after: timeInterval(8, 7, 9) })).toBeNull()
    expect(orderOf({ before: timeInterval(5, 4, 6), after: timeInterval(8, null, null) })).toBeNull()
  })

  test('an end at zero is known', () => {
    expect(orderOf(thing([1, 0, 2], [5, 4, 6]))).toBe('slower')
    expect(timeInterval(0, 0, 0)).toEqual({ ms: 0, lowMs: 0, highMs: 0 })
    expect(timeInterval(undefined, 1, 2)).toBeNull()
  })

  test('each name of either is there once, in the order of the first', () => {
    const of = (names: string) => [...names].map((id, at) => ({ id, ms: at + 1 }))
    const things = thingsOf(
      of('ab'),
      of('bc'),
      ({ id }) => id,
      ({ ms }) => timeInterval(ms, null, null),
    )
    expect(things.map(({ name, before, after }) => [name, before?.ms ?? null, after?.ms ?? null])).toEqual([
      ['a', 1, null],
      ['b', 2, 1],
      ['c', null, 2],
    ])
    expect(changeOf(things[0]!)).toBe(-1)
  })
})

test('conditions of both are row by row, and what is not known is said so', () => {
  const rows = conditions(transformer, { ...transformer, model: null, engine: null, latency: null })
  const of = (name: string) => rows.find((row) => row.name === name)!
  expect(of('model')).toMatchObject({ before: transformer.model!.file, after: 'not known' })
  expect(of('threads')).toMatchObject({ before: '2', after: 'not known' })
  expect(of('inputs').after).toBe('not known')
  expect(rows.every(({ before, after }) => !/undefined|null|NaN/.test(before + after))).toBe(true)
  expect(rows.map(({ name }) => name)).not.toContain('runtime')
})
