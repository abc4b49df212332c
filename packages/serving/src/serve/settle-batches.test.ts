// Batches measured and chosen on workers of which it is known what a prediction takes.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test } from 'vitest'
import { batchRequests, NOT_JOINED, splitResults } from './batches.ts'
import type { Server } from './dispatcher.ts'
import { measureBatchCosts } from './measure-batches.ts'
import { badRequest, type ModelSpec } from './protocol.ts'
import { type JoiningCandidate, type ServerBatching, settleBatches } from './settle-batches.ts'
import { CANNOT_PREDICT } from './workers.ts'

const request = (first: number): Feeds => ({ x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(first, 1) } })
const tensor = { datatype: 'FP32', dtype: 'float32' as const, shape: [-1, 2] }
const model: ModelSpec = {
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: [{ ...tensor, name: 'x' }],
  outputs: [{ ...tensor, name: 'y' }],
}

/** Workers on one clock, on which a prediction of so many rows takes `cost`. */
function workers(count: number, cost: (rows: number) => number, most = 64) {
  const clock = { now: 0 }
  const asked: number[] = []
  const server = (): Server => ({
    async predict(requests) {
      const { x } = batchRequests(requests)
      const rows = (x as TensorValue).shape[0]!
      if (rows > most) throw badRequest('too many rows')
      asked.push(rows)
      clock.now += cost(rows) / count
      return { results: splitResults({ y: x as TensorValue }, new Array(requests.length).fill(1))!, startedMs: 0, endedMs: 1 }
    },
  })
  return { clock, asked, servers: Array.from({ length: count }, server) }
}

test('sizes are timed in turns, up to where a row costs more again', async () => {
  const { clock, asked, servers } = workers(1, (rows) => (rows <= 8 ? 10 + rows : 4 * rows))
  const costs = await measureBatchCosts(servers, [request(1)], () => clock.now)
  expect(costs).toEqual([1, 2, 4, 8, 16].map((rows) => ({ rows, ms: rows <= 8 ? 10 + rows : 4 * rows })))
  // The first two of each size are not counted, and no larger one is tried.
  expect(asked.slice(0, 15)).toEqual([1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 1, 2, 4, 8, 16])
})

test('what is joined are tensors of their own, as many clients send them: one that comes again is handed over once', async () => {
  const { clock, servers } = workers(1, (rows) => (rows <= 8 ? 10 + rows : 4 * rows))
  const sent: (readonly Feeds[])[] = []
  const server: Server = {
    predict(requests) {
      sent.push(requests)
      return servers[0]!.predict(requests)
    },
  }
  await measureBatchCosts([server], [request(1), request(2)], () => clock.now)
  const of = (requests: readonly Feeds[]) => requests.map(({ x }) => (x as TensorValue).data as Float32Array)
  for (const requests of sent) expect(new Set(of(requests).map(({ buffer }) => buffer)).size).toBe(requests.length)
  expect(of(sent.find(({ length }) => length === 4)!).map(([first]) => first)).toEqual([1, 2, 1, 2])
})

test('sizes that the engine refuses are left out, those of no size at all end it', async () => {
  const few = workers(1, () => 1, 3)
  expect((await measureBatchCosts(few.servers, [request(1)], () => few.clock.now)).map(({ rows }) => rows)).toEqual([1, 2])
  const none = workers(1, () => 1, 0)
  await expect(measureBatchCosts(none.servers, [request(1)], () => 0)).rejects.toThrow('too many rows')
})

const settle = (
  mostRows: number | 'auto',
  { clock, servers }: ReturnType<typeof workers>,
  { whyNotPaying = async () => null, ...changed }: Partial<ModelSpec & Pick<ServerBatching, 'whyNotPaying'>> = {},
) =>
  settleBatches(
    { ...model, ...changed },
    servers,
    { whyNotPaying, mostRows, fewRows: null, delayMs: 3, withinMs: null, samples: async () => [request(1), request(2)] },
    () => clock.now,
  )

test('rows that are told are shown to be right and not measured', async () => {
  expect(
    await settle(
      6,
      workers(2, () => 1),
    ),
  ).toEqual({ mostRows: 6, fewRows: 6, delayMs: 3, costs: null, line: null, why: null })
})

test('a model whose rows cannot be joined is refused where rows are told, else predicts one by one, and says why', async () => {
  const fixed = { inputs: [{ ...tensor, name: 'x', shape: [1, 2] }] }
  await expect(
    settle(
      6,
      workers(1, () => 1),
      fixed,
    ),
  ).rejects.toMatchObject({
    name: 'InputError',
    message: "--max-batch 6: m: the first axis of 'x' is not free (1x2); leave it out",
  })
  expect(
    await settle(
      'auto',
      workers(1, () => 1),
      fixed,
    ),
  ).toEqual({
    mostRows: 1,
    fewRows: 1,
    delayMs: 0,
    costs: null,
    line: null,
    why: "the first axis of 'x' is not free (1x2)",
  })
})

test.each([
  [
    'the engine refuses what it is compared by',
    async () => [request(1), request(2)],
    'the model does not predict with these inputs: 2 is too much',
    '--max-batch 4: m: the model does not predict with these inputs: 2 is too much; leave it out',
  ],
  [
    'no requests are found to compare it by',
    async () => {
      throw new InputError("input 'x': no size that was tried works")
    },
    "no requests to compare were found (input 'x': no size that was tried works)",
    "input 'x': no size that was tried works",
  ],
])('where %s an automatic choice joins none, and rows that are told are refused', async (_, samples, why, message) => {
  const { servers } = workers(1, () => 1)
  const refusing: Server = {
    async predict(requests) {
      if (requests.some(({ x }) => (x!.data as Float32Array)[0] === 2)) throw badRequest(`${CANNOT_PREDICT}2 is too much`)
      return servers[0]!.predict(requests)
    },
  }
  const settled = (mostRows: number | 'auto') =>
    settleBatches(model, [refusing], {
      mostRows,
      fewRows: null,
      delayMs: 0,
      withinMs: null,
      samples,
      whyNotPaying: async () => null,
    })
  expect(await settled('auto')).toEqual({ ...NOT_JOINED, why })
  await expect(settled(4)).rejects.toMatchObject({ name: 'InputError', message })
})

describe('an automatic choice', () => {
  const slow = () => workers(1, () => 2)

  test('is kept to where the whole server gains by it', async () => {
    const asked: JoiningCandidate[] = []
    const whyNotPaying = async (joining: JoiningCandidate) => {
      asked.push(joining)
      return null
    }
    const settled = await settle('auto', slow(), { whyNotPaying })
    expect(asked).toHaveLength(1)
    const [{ batches, requests, servers }] = asked as [JoiningCandidate]
    expect(settled).toMatchObject({ ...batches, why: null })
    expect([settled.mostRows > 1, settled.delayMs, requests.length, servers.length]).toEqual([true, 3, 2, 1])
  })

  test('is none where it does not, and says why', async () => {
    const settled = await settle('auto', slow(), { whyNotPaying: async () => 'HTTP takes all the time' })
    expect(settled).toMatchObject({ mostRows: 1, fewRows: 1, delayMs: 0, why: 'HTTP takes all the time' })
    expect(settled.costs!.length).toBeGreaterThan(1)
  })
})
