import type { LoadDocument, LoadPoint } from '@whyslow/report/documents/load.ts'
import { expect, test } from 'vitest'
import { answerOf } from './answer.ts'
import { load } from './load.ts'
import type { LoadOptions } from './options.ts'

test.each([
  ['what is neither an address nor there', 'no-such.onnx', {}, /no-such\.onnx: no address, and no model or folder/],
  ['--body with a model', 'package.json', { rates: [3], bodies: ['x'] }, /--body: is for addresses/],
  ['--header with a model', 'package.json', { rates: [3], headers: ['a: b'] }, /--header: is for addresses/],
  ['workers of a server that runs', 'http://127.0.0.1:1/', { rates: [3], workers: 2 }, /--workers: .* runs already/],
  ['inputs of a server of which nothing is known', 'http://127.0.0.1:1/', { rates: [3], batch: 2 }, /--batch: is for models/],
  [
    'bodies beside metadata',
    'http://127.0.0.1:1/v2/models/m',
    { rates: [3], protocol: 'oip', bodies: ['x'] },
    /--body: requests are made of/,
  ],
  ['an address of no model', 'http://127.0.0.1:1/v2', { rates: [3], protocol: 'oip' }, /names no model; give its address/],
  [
    'a gRPC address of no model',
    'grpc://127.0.0.1:1/',
    { rates: [3] },
    /names no model; give its address, as in grpc:\/\/127\.0\.0\.1:1\/NAME/,
  ],
  [
    'a body over gRPC',
    'grpc://127.0.0.1:1/m',
    { rates: [3], bodies: ['x'] },
    /--body: requests are made of the model's metadata/,
  ],
  [
    'a gRPC server that is not there',
    'grpc://127.0.0.1:1/m',
    { rates: [3] },
    /grpc:\/\/127\.0\.0\.1:1\/m: nothing listens there/,
  ],
  ['inputs of a model by its address', 'http://127.0.0.1:1/v2/models/m/infer', { batch: 2 }, /nothing listens there/],
  ['inputs with a method', 'http://127.0.0.1:1/v2/models/m', { batch: 2, method: 'GET' }, /give --protocol oip/],
  ['arrivals without a rate', 'http://127.0.0.1:1/', { arrivals: 'constant' }, /say at which rate/],
  ['nothing stated, of a server that is not there', 'http://127.0.0.1:1/', {}, /nothing listens there/],
  ['a closed loop with a rate', 'http://127.0.0.1:1/', { clients: [2], rates: [3] }, /--concurrency is a closed loop/],
  ['more requests than are kept', 'http://127.0.0.1:1/', { rates: [1e6], seconds: 60 }, /more requests than one run keeps/],
  ['an objective that is none', 'http://127.0.0.1:1/', { slo: 'fast' }, /--slo fast/],
  ['arrivals that are none', 'http://127.0.0.1:1/', { rates: [3], arrivals: 'no-such.csv' }, /--arrivals no-such\.csv/],
  ['bursts without a number', 'http://127.0.0.1:1/', { rates: [3], arrivals: 'bursts:0' }, /squared coefficient/],
  ['an address that is none', 'http://', { rates: [3] }, /no address/],
  ['a body that is not there', 'http://127.0.0.1:1/', { rates: [3], bodies: ['@no-such.json'] }, /no-such\.json cannot be read/],
  ['a header that is none', 'http://127.0.0.1:1/', { rates: [3], headers: ['x'] }, /--header x: no header/],
  ['a method that is none', 'http://127.0.0.1:1/', { rates: [3], method: 'a b' }, /--http-method a b/],
] as [string, string, Partial<LoadOptions>, RegExp][])(
  'refuses %s before anything is sent',
  async (_, target, options, message) => {
    await expect(load(target, options)).rejects.toMatchObject({ name: 'InputError', message: expect.stringMatching(message) })
  },
)

const point = {
  offeredPerSecond: 50,
  saturated: false,
  p99Ms: 40,
  p50Ms: 10,
  requests: 900,
  errors: 0,
  intervals: {},
} as unknown as LoadPoint
const answer = (changed: Partial<LoadDocument>) =>
  answerOf({ found: null, search: null, points: [point], ...changed } as Omit<LoadDocument, 'answer'>)

test('answers in a sentence', () => {
  const p99Ms = { low: 35, high: 45 }
  const known = { ...point, intervals: { ...point.intervals, p99Ms } }
  expect(answer({ points: [known] })).toBe('At 50 requests/s 99 % of the answers arrive within 40.0 ms (35.0–45.0).')
  const full = { ...point, offeredPerSecond: 90, achievedPerSecond: 70, saturated: true }
  expect(answer({ points: [known, full] })).toMatch(/; at 90 requests\/s the server does not keep up\.$/)
  expect(answer({ points: [full] })).toBe('The server does not keep up: of 90 requests/s it answers 70.')
  expect(answer({ points: [{ ...point, errors: 900 }] })).toBe('At 50 requests/s every request fails.')
})

test('answers a search with the rate and its interval', () => {
  const search = { objective: 'p99<20ms', confirmingRuns: 5, ended: 'confirmed' } as LoadDocument['search']
  const ended = 'the generator ended the search: it did not keep to its schedule at 120 requests/s'
  const least = { ratePerSecond: 61.23, low: 59, high: 120, confirmed: 5, atLeast: true }
  expect(answer({ search: { ...search, ended } as LoadDocument['search'], found: least })).toBe(
    `At least 61.2 requests/s hold p99<20ms, in 5 of 5 confirming runs; higher rates are unknown: ${ended}.`,
  )
  expect(answer({ search, found: { ratePerSecond: 61.23, low: 59, high: 64.1, confirmed: 5 } })).toBe(
    '61.2 requests/s (59–64.1) is the highest rate that holds p99<20ms, in 5 of 5 confirming runs.',
  )
  const open = 'the time was used up with 5 of 5 confirming runs, before the rate above was known'
  const between = { ratePerSecond: 61.23, low: 59, high: 82, confirmed: 5 }
  expect(answer({ search: { ...search!, ended: open }, found: between })).toBe(
    `61.2 requests/s hold p99<20ms, in 5 of 5 confirming runs; the highest rate is between 59 and 82: ${open}.`,
  )
  const cut = { ...search!, ended: 'the time was used up with 3 of 5 confirming runs' }
  expect(answer({ search: cut, found: { ratePerSecond: 61.23, low: 59, high: 64.1, confirmed: 3 } })).toBe(
    '61.2 requests/s held p99<20ms, which is not confirmed: the time was used up with 3 of 5 confirming runs.',
  )
  expect(answer({ search: { ...search!, ended: 'it never holds' } })).toBe(
    'No rate was found that holds p99<20ms: it never holds.',
  )
  const short = (longerSeconds: number | null) => answer({ search: { ...search!, ended: 'too few', longerSeconds } })
  expect(short(14)).toBe('No rate was found that holds p99<20ms: too few; make the runs longer (--duration 14 --budget 4m).')
  expect(short(null)).toMatch(/: too few; make the runs longer \(--duration\)\.$/)
})
