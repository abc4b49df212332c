import { describe, expect, test } from 'vitest'
import { InputError } from '../../graph/input-error.ts'
import type { LoadDocument } from '../../report/documents/load.ts'
import type { LoadOptions } from '../load/options.ts'
import { searchServing, servingSetups, worthSearching } from './serving.ts'
import type { ServingSetup } from './serving-types.ts'

test('every way to share the CPUs, and one CPU left to HTTP, with and without joining', () => {
  expect(servingSetups(2, true)).toEqual([
    { workers: 2, threads: 1, maxBatch: 1, batchDelayMs: 0 },
    { workers: 2, threads: 1, maxBatch: 'auto', batchDelayMs: 0 },
    { workers: 1, threads: 2, maxBatch: 1, batchDelayMs: 0 },
    { workers: 1, threads: 2, maxBatch: 'auto', batchDelayMs: 0 },
    { workers: 1, threads: 1, maxBatch: 1, batchDelayMs: 0 },
    { workers: 1, threads: 1, maxBatch: 'auto', batchDelayMs: 0 },
  ])
  expect(servingSetups(6, true).map(({ workers, threads }) => workers * threads!)).toEqual([...new Array(8).fill(6), 5, 5])
  expect(servingSetups(4, false).map(({ workers }) => workers)).toEqual([4, 4, 3, 3, 1, 1])
  expect(servingSetups(1, true)).toHaveLength(2)
  expect(servingSetups(1, false)).toHaveLength(2)
})

const rates = (some: readonly { readonly answersPerSecond: number | null }[]) => some.map((one) => one.answersPerSecond)

test('of those the ones that answer nearly as much as the best', () => {
  const of = (...all: (number | null)[]) => worthSearching(all.map((answersPerSecond) => ({ answersPerSecond, aloneMs: null })))
  const { first, others } = of(100, null, 60, 71, 99, 90)
  expect([rates(first), rates(others)]).toEqual([
    [100, 99, 90],
    [71, 60],
  ])
  expect(rates(of(100, 60).first)).toEqual([100])
  expect(of(null)).toEqual({ first: [], others: [] })
})

test('and those that answer one request soonest', () => {
  const of = (...all: [number, number][]) =>
    worthSearching(all.map(([answersPerSecond, aloneMs]) => ({ answersPerSecond, aloneMs })))
  // 4 CPUs: four workers of 25 ms a request, one with four threads of 10 ms, two with two of 15 ms.
  const { first, others } = of([160, 25], [100, 10], [110, 15])
  expect([rates(first), rates(others)]).toEqual([[160, 100], [110]])
  // As soon with joining: two at most.
  expect(rates(of([160, 25], [100, 10], [99, 10.5], [98, 10.2]).first)).toEqual([160, 100, 99])
})

/** Answers a second without an objective, the rate that holds it (null: none does), and what predictions of several rows cost. */
type Costs = readonly { readonly rows: number; readonly ms: number }[]
type Server = Readonly<Record<string, readonly [number, number | null, (Costs | undefined)?, number?]>>
const BOUND_MS = 20
/** As an automatic choice that joins none. */
const ALONE: Costs = []
const asked: string[] = []
/** At a rate that is told, the p99 is the bound where the set-up holds it just so, and less where it holds more. */
const runOn =
  (server: Server) =>
  async (setup: ServingSetup, { slo, rates, batchWithinMs, fewRows }: Partial<LoadOptions>) => {
    const { workers, threads, batchDelayMs } = setup
    if (setup.maxBatch === 'auto') expect(batchWithinMs).toBe(BOUND_MS)
    const rows = setup.maxBatch === 'auto' ? 8 : setup.maxBatch
    const key = `${workers}x${threads}b${rows}${batchDelayMs === 0 ? '' : `d${batchDelayMs}`}`
    const one = server[key]
    if (one === undefined) throw new InputError('it is not served so')
    if (slo === undefined && rates?.length) {
      const [meanMs, p99Ms] = [one[3] ?? 1, (BOUND_MS * rates[0]!) / one[1]!]
      const intervals = { meanMs: { low: 0.9 * meanMs, high: 1.1 * meanMs } }
      const point = { saturated: false, errors: 0, meanMs, p99Ms, intervals, server: { meanTogether: rows === 1 ? 1 : 2 } }
      return { points: [point] } as unknown as LoadDocument
    }
    if (slo !== undefined && rows > 1) expect(fewRows).toBe(4)
    const maxBatch = one[2] === ALONE ? 1 : rows
    const whyAlone = one[2] === ALONE ? 'rows cost as much together' : null
    const served = { maxBatch, fewRows: Math.min(maxBatch, 4), batchCosts: one[2] ?? null, whyAlone }
    asked.push(`${key} ${slo ?? 'capacity'}${rates?.length ? ` from ${rates[0]}` : ''}`)
    const found = one[1] === null ? null : { ratePerSecond: one[1], low: one[1], high: one[1], confirmed: 5 }
    const search = { ended: found === null ? 'it never holds' : 'confirmed' }
    const points = [{ achievedPerSecond: one[0] }, { meanMs: one[3] ?? null }]
    return { points, setup: served, found, search } as unknown as LoadDocument
  }

test('the highest rate that holds wins, and not the highest throughput', async () => {
  asked.length = 0
  const server: Server = { '2x1b1': [100, 80], '2x1b8': [110, 60], '1x2b1': [50, 49] }
  const { best, tried } = await searchServing('p99<20ms', servingSetups(2, true), runOn(server))
  expect(tried[best!]).toMatchObject({ workers: 2, threads: 1, maxBatch: 1, found: { ratePerSecond: 80 } })
  expect(asked.slice(3)).toEqual(['2x1b8 p99<20ms', '2x1b1 p99<20ms from 60'])
  expect(tried.map(({ why }) => why)).toEqual([
    null,
    null,
    'another set-up answers more',
    ...new Array(3).fill('it is not served so'),
  ])
})

test('a strict objective is held by the set-up that answers one request soonest', async () => {
  asked.length = 0
  const server: Server = {
    '4x1b1': [160, null, undefined, 25],
    '2x2b1': [130, 30, undefined, 15],
    '1x4b1': [100, 50, undefined, 10],
  }
  const { best, tried } = await searchServing('p99<20ms', servingSetups(4, true), runOn(server))
  expect(tried[best!]).toMatchObject({ workers: 1, threads: 4, maxBatch: 1, found: { ratePerSecond: 50 } })
})

test('of two that hold nearly the same rate the one that does better in turns wins', async () => {
  const server: Server = { '2x1b1': [100, 80], '1x1b1': [95, 78] }
  const { best, tried } = await searchServing('p99<20ms', servingSetups(2, true), runOn(server))
  expect(tried[best!]).toMatchObject({ workers: 2, threads: 1, found: { ratePerSecond: 80 } })
  expect(tried.filter(({ found }) => found !== null)).toHaveLength(2)
})

test('where none of the first holds, the others are searched until one does', async () => {
  asked.length = 0
  const server: Server = { '2x1b1': [160, null], '2x1b8': [60, 20], '1x2b1': [50, 30] }
  const { best, tried } = await searchServing('p99<20ms', servingSetups(2, true), runOn(server))
  expect(tried[best!]).toMatchObject({ workers: 2, maxBatch: 8, found: { ratePerSecond: 20 } })
  expect(asked.slice(3)).toEqual(['2x1b1 p99<20ms', '2x1b8 p99<20ms'])
})

test('where none holds, none is best, and each says why', async () => {
  const { best, tried } = await searchServing(
    'p99<20ms',
    servingSetups(1, true),
    runOn({ '1x1b1': [100, null], '1x1b8': [90, null] }),
  )
  expect(best).toBe(null)
  expect(tried.map(({ why }) => why)).toEqual(['it never holds', 'it never holds'])
})

test('joining that does not pay by what predictions of several rows cost is not searched, and says why', async () => {
  asked.length = 0
  const { best, tried } = await searchServing(
    'p99<20ms',
    servingSetups(1, true),
    runOn({ '1x1b1': [100, 50], '1x1b8': [99, 60, ALONE] }),
  )
  expect([best, tried[1]!.why]).toEqual([0, 'requests are not joined: rows cost as much together'])
  expect(asked).toEqual(['1x1b1 capacity', '1x1b8 capacity', '1x1b1 p99<20ms'])
})

describe('a delay', () => {
  const cheap = [
    { rows: 1, ms: 2 },
    { rows: 2, ms: 2.5 },
    { rows: 8, ms: 4 },
  ]
  const server = (delayed: number | null): Server => ({
    '1x1b1': [100, 200],
    '1x1b8': [300, 500, cheap],
    '1x1b8d4': [0, delayed],
  })

  test('is tried on the best where rows are cheap together, and kept where it holds more', async () => {
    const { best, tried } = await searchServing('p99<20ms', servingSetups(1, true), runOn(server(600)))
    expect(tried).toHaveLength(3)
    expect(tried[best!]).toMatchObject({ maxBatch: 8, fewRows: 4, batchDelayMs: 4, found: { ratePerSecond: 600 } })
  })

  test('is not kept where it holds no more', async () => {
    const { best, tried } = await searchServing('p99<20ms', servingSetups(1, true), runOn(server(null)))
    expect([best, tried[2]!.why]).toEqual([1, 'it never holds'])
  })
})
