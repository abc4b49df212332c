// Ticks, points of a load run, what-if and names: what charts are drawn from.
import { intervalOf } from '@whyslow/measure/statistics/numbers.ts'
import { scaleLinear, scaleLog } from 'd3-scale'
import { describe, expect, test } from 'vitest'
import { cleaned } from '../../packages/report/web/src/cleaned.ts'
import { factor, factorRange } from '../../packages/report/web/src/format.ts'
import { elideMiddle, nodeTitle, shownName } from '../../packages/report/web/src/kit/shown-name.ts'
import { fewTicks, ratioSpan } from '../../packages/report/web/src/kit/ticks.ts'
import { boundOf, inOrder, type Point, requestedLoadText } from '../../packages/report/web/src/load/points.ts'
import type { Load } from '../../packages/report/web/src/page-data.ts'
import { int8Gain, modelledMs, UNCHANGED } from '../../packages/report/web/src/pictures/what-if.ts'
import { recorded, transformer } from '../page/documents.ts'

describe('ticks', () => {
  const WIDE = 44
  test.each([
    ['linear', scaleLinear([0, 100], [0, 720])],
    ['linear, narrow', scaleLinear([0, 100], [0, 200])],
    ['log of four decades', scaleLog([0.01, 100], [0, 720])],
    ['log, narrow', scaleLog([0.01, 100], [0, 240])],
    ['upside down', scaleLinear([0, 7], [260, 8])],
  ])('%s: labels are apart, within the scale, and more than one', (_, scale) => {
    const ticks = fewTicks(scale, 8, () => WIDE)
    expect(ticks.length).toBeGreaterThan(1)
    const places = ticks.map((value) => scale(value))
    for (const [at, place] of places.slice(1).entries()) expect(Math.abs(place - places[at]!)).toBeGreaterThanOrEqual(WIDE)
    const [from, to] = [...scale.range()].sort((a, b) => a - b)
    for (const place of places) expect(place >= from! && place <= to!).toBe(true)
  })

  test('of a log scale with little room, those at 1 of each decade stay', () => {
    expect(fewTicks(scaleLog([0.1, 100], [0, 240]), 8, () => 44)).toEqual([0.1, 1, 10, 100])
  })

  test('ratios whose interval has no measure do not stretch the axis', () => {
    const rows = [
      { ratio: 2, low: 1.5, high: 2.5 },
      { ratio: 0.5, low: 1e-12, high: 1e7 },
    ]
    expect(ratioSpan(rows, 1.25)).toBe(2.5)
    expect(ratioSpan([{ ratio: 0.1, low: null, high: null }], 1.25)).toBe(10)
    expect(ratioSpan([{ ratio: 1, low: 0.9, high: 1.1 }], 1.25)).toBe(1.25)
  })

  test('if there is no room for two, there is one', () => {
    expect(fewTicks(scaleLinear([0, 1], [0, 10]), 8, () => 44)).toEqual([0])
  })
})

describe('points of a load run', () => {
  const { points } = recorded.load as Load
  const asked = (offeredPerSecond: number | null, clients: number | null): Point => ({ ...points[0]!, offeredPerSecond, clients })

  test('are in the order of what was asked, and the document is left as it was', () => {
    const mixed = [asked(200, null), asked(40, null), asked(120, null)]
    expect(inOrder(mixed).map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([40, 120, 200])
    expect(mixed[0]!.offeredPerSecond).toBe(200)
  })

  test('are named by rate, or by clients', () => {
    expect([asked(39.96, null), asked(260.4, null), asked(null, 4), asked(null, null)].map(requestedLoadText)).toEqual([
      ...['40.0 requests/s', '260 requests/s', '4 clients', 'no clients'],
    ])
  })

  test.each([
    ['p99<20ms', 20],
    ['errors<1%,p99.9 <= 1.5 s', 1500],
    ['mean<300us', 0.3],
    ['median<5µs', 0.005],
    ['errors<1%', null],
    ['', null],
    ['p99<fast', null],
  ])('the bound of %j', (objective, ms) => {
    expect(boundOf(objective)).toBe(ms)
  })
})

describe('what if', () => {
  const modelled = (what: Partial<typeof UNCHANGED>) => modelledMs(transformer, { ...UNCHANGED, ...what })
  const sum = (of: (one: { part: string; area: string }) => boolean) =>
    transformer.breakdown.filter(of).reduce((total, { timeMs }) => total + timeMs, 0)

  test('the machine as it is takes what the parts add up to', () => {
    expect(modelled({})).toBeCloseTo(
      sum(() => true),
      12,
    )
  })

  test('twice the arithmetic rate halves the architecture alone', () => {
    expect(modelled({}) - modelled({ peak: 2 })).toBeCloseTo(sum(({ area }) => area === 'architecture') / 2, 12)
  })

  test('all in int8 divides the arithmetic by what int8 was measured to gain', () => {
    const gain = int8Gain(transformer)!
    expect(gain).toBeGreaterThan(1)
    expect(modelled({}) - modelled({ int8: 1 })).toBeCloseTo(sum(({ area }) => area === 'architecture') * (1 - 1 / gain), 12)
  })

  test('an int8 rate that is not known, or no higher, is no gain', () => {
    const { machine } = transformer
    const withRates = (flopsPerSecond: Record<string, number>) => ({
      ...transformer,
      machine: { ...machine, roofs: [{ ...machine.roofs[0]!, flopsPerSecond }] },
    })
    expect(int8Gain(withRates({ float32: 1e9 }))).toBeNull()
    expect(int8Gain(withRates({ float32: 2e9, int8: 1e9 }))).toBeNull()
    expect(int8Gain({ ...transformer, machine: { ...machine, roofs: [] } })).toBeNull()
  })
})

describe('words', () => {
  test('factors and their ranges', () => {
    expect([0.113, 1.4159, 2.34, 9.7, 41.2].map(factor)).toEqual(['0.113×', '1.42×', '2.3×', '9.7×', '41×'])
    expect([factorRange(1.2, 1.4), factorRange(1.001, 1.002)]).toEqual(['1.20–1.40×', '1.00×'])
    // As the terminal words them: ends without measure are not drawn.
    expect([factorRange(1.29, 2e6), factorRange(6.8e-11, 1e7)]).toEqual(['at least 1.29×', 'rounds differ too much to tell'])
  })

  test('an interval has the unit of its time', () => {
    expect(intervalOf(0.9996, 0.95, 1.1)).toBe('0.95–1.10 ms')
    expect(intervalOf(0.376, 0.346, 0.408)).toBe('346–408 µs')
  })

  test('names are shortened in their middle, without half a character, and never empty', () => {
    expect(elideMiddle('abcdefghij', 5)).toBe('ab…ij')
    expect(elideMiddle('abcde', 5)).toBe('abcde')
    expect(elideMiddle('😀'.repeat(20), 7)).toBe('😀😀😀…😀😀😀')
    expect(shownName('')).toBe('(no name)')
    expect(shownName('a\u202eb')).toBe('a\ufffdb')
    expect(nodeTitle({ name: 'k', origin: [] })).toBe('k')
    expect(nodeTitle({ name: 'k', origin: ['/a', '/b'] })).toBe('/a + /b')
    expect(nodeTitle({ name: 'k', origin: ['/a', ...Array.from({ length: 40 }, (_, i) => `/long/name/${i}`)] })).toBe(
      '/a + 40 more',
    )
  })

  test('a document is drawn without characters that steer, and its keys stay its own', () => {
    const given = JSON.parse('{"__proto__": "x", "a\\u202e": ["b\\u0007", 1, null], "numbers": [1, 2]}') as object
    const drawn = cleaned(given)
    expect(JSON.stringify(drawn)).toBe('{"__proto__":"x","a\ufffd":["b\ufffd",1,null],"numbers":[1,2]}')
    expect(Object.getPrototypeOf(drawn)).toBe(Object.prototype)
  })
})
