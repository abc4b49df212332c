import { expect, test } from 'vitest'
import { InputError } from '../../graph/input-error.ts'
import type { LoadDocument } from '../../report/documents/load.ts'
import type { LoadOptions } from '../load/options.ts'
import { type ServingSetup, searchServing, servingSetups, worthSearching } from './serving.ts'

test('every way to share the CPUs, with and without joining', () => {
  expect(servingSetups(2, true)).toEqual([
    { workers: 2, threads: 1, maxBatch: 1 },
    { workers: 2, threads: 1, maxBatch: 8 },
    { workers: 1, threads: 2, maxBatch: 1 },
    { workers: 1, threads: 2, maxBatch: 8 },
  ])
  expect(servingSetups(6, true).map(({ workers, threads }) => workers * threads!)).toEqual(new Array(8).fill(6))
  expect(servingSetups(4, false).map(({ workers }) => workers)).toEqual([4, 4, 1, 1])
  expect(servingSetups(1, false)).toHaveLength(2)
})

test('of those the ones that answer nearly as much as the best', () => {
  const of = (...rates: (number | null)[]) => rates.map((answersPerSecond) => ({ answersPerSecond }))
  expect(worthSearching(of(100, null, 60, 71, 99, 90)).map(({ answersPerSecond }) => answersPerSecond)).toEqual([100, 99, 90])
  expect(worthSearching(of(100, 60))).toHaveLength(1)
  expect(worthSearching(of(null))).toEqual([])
})

/** Answers a second without an objective, and the rate that holds it; null: none does. */
type Server = Readonly<Record<string, readonly [number, number | null]>>
const asked: string[] = []
const runOn =
  (server: Server) =>
  async (setup: ServingSetup, { slo, rates }: Partial<LoadOptions>) => {
    const key = `${setup.workers}x${setup.threads}b${setup.maxBatch}`
    const one = server[key]
    if (one === undefined) throw new InputError('--max-batch 8: rows know of each other')
    asked.push(`${key} ${slo ?? 'capacity'}${rates?.length ? ` from ${rates[0]}` : ''}`)
    const found = one[1] === null ? null : { ratePerSecond: one[1], low: one[1], high: one[1], confirmed: 5 }
    const search = { ended: found === null ? 'it never holds' : 'confirmed' }
    return { points: [{ achievedPerSecond: one[0] }], found, search } as unknown as LoadDocument
  }

test('the highest rate that holds wins, and not the highest throughput', async () => {
  asked.length = 0
  const server: Server = { '2x1b1': [100, 80], '2x1b8': [110, 60], '1x2b1': [50, 49] }
  const { best, tried } = await searchServing('p99<20ms', servingSetups(2, true), runOn(server))
  expect(tried[best!]).toMatchObject({ workers: 2, threads: 1, maxBatch: 1, found: { ratePerSecond: 80 } })
  expect(asked.slice(3)).toEqual(['2x1b8 p99<20ms', '2x1b1 p99<20ms from 60'])
  expect(tried.map(({ why }) => why)).toEqual([null, null, 'another set-up answers more', expect.stringMatching(/rows know of/)])
})

test('where none holds, none is best, and each says why', async () => {
  const { best, tried } = await searchServing(
    'p99<1ms',
    servingSetups(1, true),
    runOn({ '1x1b1': [100, null], '1x1b8': [90, null] }),
  )
  expect(best).toBe(null)
  expect(tried.map(({ why }) => why)).toEqual(['it never holds', 'it never holds'])
})
