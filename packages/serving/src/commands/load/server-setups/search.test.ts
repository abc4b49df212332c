import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { describe, expect, test } from 'vitest'
import type { RoughLook } from '../rough-look.ts'
import { searchServing, servingSetups } from './search.ts'
import type { ServingRuns, ServingSetup } from './types.ts'

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

/** What a set-up is scripted to do. */
interface Scripted {
  /** The rate that short runs hold; null: none. */
  readonly rate: number | null
  /** Seconds that a look takes; absent: a minute. */
  readonly seconds?: number
  /** What confirming runs make of it; absent: the same rate, five times. */
  readonly found?: LoadDocument['found']
  /** Of each confirming run, whether it held. */
  readonly held?: readonly boolean[]
  readonly costs?: readonly { readonly rows: number; readonly ms: number }[]
  /** The mean at low load, ms. */
  readonly lowMs?: number
  /** Of the confirming runs, whether the generator was late where the objective did not hold. */
  readonly late?: boolean
  /** The runs that its server does not live through. */
  readonly diesIn?: 'low' | 'confirm'
  /** Why an automatic choice joins none. */
  readonly whyAlone?: string
}
const SLO = 'p99<20ms'
const MINUTE = 60
const asked: string[] = []

/** Each look takes a minute, each run under load none. */
function runsOn(server: Readonly<Record<string, Scripted>>, seconds = 100 * MINUTE): ServingRuns {
  let left = seconds
  asked.length = 0
  const of = ({ workers, threads, maxBatch, batchDelayMs }: ServingSetup) => {
    const key = `${workers}x${threads}b${maxBatch === 'auto' ? 8 : maxBatch}${batchDelayMs === 0 ? '' : `d${batchDelayMs}`}`
    const one = server[key]
    if (one === undefined) throw new InputError(`${key} is not served`)
    return { key, ...one }
  }
  return {
    leftSeconds: () => left,
    async look(setup, options, { leastPerSecond, hasSeconds }) {
      const { key, rate, costs, whyAlone, seconds: took = MINUTE } = of(setup)
      expect([options.slo, hasSeconds(0)]).toEqual([SLO, true])
      left -= took
      asked.push(`${key}${leastPerSecond === null ? '' : ` ${Number(leastPerSecond.toFixed(1))}`}`)
      const isJoined = setup.maxBatch !== 1 && whyAlone === undefined
      const served = { maxBatch: isJoined ? 8 : 1, fewRows: isJoined ? 4 : 1, batchCosts: costs ?? null }
      const low = whyAlone !== undefined || rate === null || rate < (leastPerSecond ?? 0) ? null : rate
      const why = low === null ? (whyAlone ?? 'it does not hold it') : null
      return { setup: served, answersPerSecond: 1000, low, high: low === null ? null : 1.05 * low, why } as unknown as RoughLook
    },
    async load(setup, { rates, isNear, budgetSeconds, fewRows, slo }) {
      const { key, rate, found, held = [true], lowMs = 1, late, diesIn } = of(setup)
      if (diesIn === (slo === undefined ? 'low' : 'confirm')) throw new InputError('the process ended')
      if (slo === undefined) {
        asked.push(`${key} low ${Number(rates![0]!.toFixed(1))}`)
        const intervals = { meanMs: { low: 0.95 * lowMs, high: 1.05 * lowMs } }
        const server = { meanTogether: setup.maxBatch === 1 ? 1 : 2 }
        return {
          points: [{ saturated: false, errors: 0, meanMs: lowMs, p99Ms: 2, intervals, server }],
        } as unknown as LoadDocument
      }
      expect([slo, isNear, rates, budgetSeconds]).toEqual([SLO, true, [rate], left])
      expect(fewRows).toBe(setup.maxBatch === 1 ? null : 4)
      asked.push(`${key} confirmed`)
      const confirmed = { ratePerSecond: rate, low: rate, high: rate, confirmed: 5 }
      const search = {
        ended: 'the end',
        longerSeconds: 14,
        confirmingRuns: 5,
        runs: held.map((one) => ({ held: one, generatorLate: late })),
      }
      return { found: found === undefined ? confirmed : found, search } as unknown as LoadDocument
    },
  }
}

const whys = (tried: readonly { readonly why: string | null }[]) => tried.map(({ why }) => why)

test('each set-up is looked at once, against what the best so far holds, and the last that held is confirmed', async () => {
  const server = {
    '2x1b1': { rate: 80 },
    '1x2b1': { rate: 79 },
    '1x1b1': { rate: 81 },
    '2x1b8': { rate: 82 },
    '1x1b8': { rate: 90 },
  }
  const { best, tried } = await searchServing(SLO, servingSetups(2, true), runsOn(server))
  // One with fewer workers needs to hold as much, one that joins requests clearly more.
  expect(asked).toEqual([
    ...['2x1b1', '1x2b1 80', '1x1b1 80', '2x1b8 83.4', '1x1b8 83.4'],
    ...['1x1b8 low 18', '1x1b1 low 18', '1x1b8 low 18', '1x1b8 confirmed'],
  ])
  expect(tried[best!]).toMatchObject({ workers: 1, maxBatch: 8, fewRows: 4, found: { ratePerSecond: 90, confirmed: 5 } })
  const less = 'another set-up holds more, or as much and is simpler'
  expect(whys(tried)).toEqual([less, 'it does not hold it', less, 'it does not hold it', '1x2b8 is not served', null])
  expect(tried[2]!.found).toMatchObject({ ratePerSecond: 81, confirmed: 0 })
})

test('where none holds, none is best, and nothing is confirmed', async () => {
  const none = { rate: null }
  const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': none, '1x1b8': none }))
  expect([best, whys(tried)]).toEqual([null, ['it does not hold it', 'it does not hold it']])
  expect(asked).toEqual(['1x1b1', '1x1b8'])
})

test('one that joins requests is not taken where one by one is answered sooner at low load, unless no other holds', async () => {
  const server = { '1x1b1': { rate: 60, lowMs: 1 }, '1x1b8': { rate: 90, lowMs: 3 } }
  const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server))
  expect([best, whys(tried)]).toEqual([0, [null, 'at 18 requests/s answers come later than one by one']])
  const only = { '1x1b1': { rate: null, lowMs: 1 }, '1x1b8': { rate: 90, lowMs: 3 } }
  const taken = await searchServing(SLO, servingSetups(1, true), runsOn(only))
  expect([taken.best, taken.tried[1]!.why]).toEqual([1, 'at 18 requests/s answers come later than one by one'])
})

test('of those that lose at low load, the one that holds most is taken where no other holds', async () => {
  const one = { rate: null, lowMs: 1 }
  const server = { '2x1b1': one, '1x2b1': one, '1x1b1': one, '2x1b8': { rate: 80, lowMs: 3 }, '1x2b8': { rate: 90, lowMs: 3 } }
  const { best, tried } = await searchServing(SLO, servingSetups(2, true), runsOn(server))
  expect(tried[best!]).toMatchObject({ workers: 1, threads: 2, maxBatch: 8, found: { ratePerSecond: 90 } })
})

test('one whose server ends at low load is not taken', async () => {
  const server = { '1x1b1': { rate: 60 }, '1x1b8': { rate: 90, diesIn: 'low' } } as const
  const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server))
  expect([best, whys(tried)]).toEqual([0, [null, 'not compared at low load: the process ended']])
})

test('joining that does not pay by what predictions of several rows cost says why', async () => {
  const server = { '1x1b1': { rate: 60 }, '1x1b8': { rate: 90, whyAlone: 'rows cost as much together' } }
  const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server))
  expect([best, tried[1]!.why]).toEqual([0, 'rows cost as much together'])
})

describe('the time', () => {
  const all = { '2x1b1': { rate: 80 }, '1x2b1': { rate: 90 }, '1x1b1': { rate: 100 }, '2x1b8': { rate: 200 } }

  test('is kept for confirming: what is not looked at is said to be not tried', async () => {
    const { best, tried } = await searchServing(SLO, servingSetups(2, true), runsOn(all, 4 * MINUTE))
    // 60 % are two looks and a part, into which a third one would not fit.
    expect([asked, best]).toEqual([['2x1b1', '1x2b1 80', '1x2b1 confirmed'], 1])
    const alone = 'not tried: the time was used up; give more (--budget)'
    const joined = 'not tried with requests joined: the time was used up; give more (--budget)'
    expect(whys(tried).slice(2)).toEqual([alone, joined, joined, joined])
    const { tried: few } = await searchServing(SLO, servingSetups(2, true), runsOn(all, MINUTE))
    expect(whys(few)[1]).toBe('not tried: the time was used up; give more (--budget)')
  })

  test('is given to looks as long as none holds; one long look does not end them', async () => {
    const none = { ...all, '2x1b1': { rate: null }, '1x2b1': { rate: null } }
    await searchServing(SLO, servingSetups(2, true), runsOn(none, 4 * MINUTE))
    expect(asked).toEqual(['2x1b1', '1x2b1', '1x1b1', '1x1b1 confirmed'])
    const long = { ...all, '2x1b1': { rate: 80, seconds: 3.5 * MINUTE } }
    await searchServing(SLO, servingSetups(2, true), runsOn(long, 10 * MINUTE))
    expect(asked).toEqual(['2x1b1', '1x2b1 80', '1x2b1 confirmed'])
  })

  test('that leaves none for low load leaves joined requests for where nothing else holds', async () => {
    const quick = { rate: 60, seconds: 30 }
    const server = { '1x1b1': quick, '1x1b8': { rate: 90, seconds: 30 } }
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server, 2 * MINUTE))
    const why = 'not compared at low load: the time was used up; give more (--budget)'
    expect([best, whys(tried)]).toEqual([0, [null, why]])
    const only = { ...server, '1x1b1': { rate: null, seconds: 30 } }
    expect((await searchServing(SLO, servingSetups(1, true), runsOn(only, 2 * MINUTE))).best).toBe(1)
  })

  test('that ends before five runs leaves what is not confirmed, and says so', async () => {
    const found = { ratePerSecond: 78, low: 77, high: 80, confirmed: 3 }
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': { rate: 80, found } }))
    expect([best, tried[0]]).toMatchObject([0, { found, why: 'not confirmed: the end' }])
    const none = { rate: 80, found: null, held: [] }
    const { tried: unconfirmed } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': none }))
    expect(unconfirmed[0]).toMatchObject({ found: { ratePerSecond: 80, confirmed: 0 }, why: 'not confirmed: the end' })
  })

  test('where a confirming run failed and none held, it is served without a rate', async () => {
    const refuted = { rate: 80, found: null, held: [true, false] }
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': refuted }))
    expect([best, tried[0]]).toMatchObject([0, { found: null, why: 'not confirmed: the end' }])
  })

  const short = { ratePerSecond: 80, confirmed: 0 }

  test('a server that ends while it is confirmed keeps what short runs held', async () => {
    const dies = { rate: 80, diesIn: 'confirm' } as const
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': dies }))
    expect([best, tried[0]]).toMatchObject([0, { found: short, why: 'not confirmed: the process ended' }])
  })

  test('runs in which the generator was late refute nothing', async () => {
    const late = { rate: 80, found: null, held: [false], late: true }
    const { tried } = await searchServing(SLO, servingSetups(1, true), runsOn({ '1x1b1': late }))
    expect(tried[0]).toMatchObject({ found: short, why: 'not confirmed: the end' })
  })
})

describe('a delay', () => {
  const costs = [
    { rows: 1, ms: 2 },
    { rows: 2, ms: 2.5 },
    { rows: 8, ms: 4 },
  ]
  const server = (rate: number) => ({ '1x1b1': { rate: 200 }, '1x1b8': { rate: 500, costs }, '1x1b8d4': { rate } })

  test('is tried on the best where rows are cheap together, and kept where it holds more', async () => {
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server(600)))
    expect(tried).toHaveLength(3)
    expect(tried[best!]).toMatchObject({ maxBatch: 8, fewRows: 4, batchDelayMs: 4, found: { ratePerSecond: 600 } })
  })

  test('is not kept where it holds no more', async () => {
    const { best, tried } = await searchServing(SLO, servingSetups(1, true), runsOn(server(510)))
    expect([best, tried[2]!.why]).toEqual([1, 'it does not hold it'])
  })
})
