import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { expect, test } from 'vitest'
import { proveBatches } from './batch-proof.ts'
import { batchRequests, rowsOf, splitResults } from './batches.ts'
import { NotApart, type Server } from './dispatcher.ts'
import type { ModelSpec } from './protocol.ts'

const spec = (shape: number[]): ModelSpec => ({
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: [{ name: 'x', datatype: 'FP32', dtype: 'float32', shape }],
  outputs: [{ name: 'y', datatype: 'FP32', dtype: 'float32', shape: [-1] }],
})
const request = (...values: number[]): Feeds => ({
  x: { dtype: 'float32', shape: [1, values.length], data: Float32Array.from(values) },
})
const requests = [request(1, 2), request(3, 5), request(-4, 0.5)]
type Model = (rows: number[][]) => number[]

/** A worker whose model is a function of rows. */
const workerOf = (model: Model): Server['predict'] => {
  const run = (feeds: Feeds): Results => {
    const { data, shape } = feeds.x as TensorValue
    const flat = [...(data as Float32Array)]
    const rows = Array.from({ length: shape[0]! }, (_, k) => flat.slice(k * shape[1]!, (k + 1) * shape[1]!))
    const y = Float32Array.from(model(rows))
    return { y: { dtype: 'float32', shape: [y.length], data: y } }
  }
  return async (asked) => {
    const results = splitResults(
      run(batchRequests(asked)),
      asked.map((feeds) => rowsOf(feeds)!),
    )
    if (results === null) throw new NotApart()
    return { results, startedMs: 0, endedMs: 1 }
  }
}
const prove = (model: Model, shape = [-1, 2]) => proveBatches(spec(shape), workerOf(model), async () => requests)

test('a model whose rows do not know of each other', async () => {
  expect(await prove((rows) => rows.map(([a, b]) => a! * b!))).toEqual(requests)
})

test.each<[string, Model, number[], RegExp]>([
  [
    'a running sum over rows',
    (rows) =>
      rows.map((_, k) =>
        rows
          .slice(0, k + 1)
          .flat()
          .reduce((a, b) => a + b),
      ),
    [-1, 2],
    /do not give what each/,
  ],
  [
    'a share of the whole',
    (rows) => rows.map(([a]) => a! / rows.reduce((sum, [b]) => sum + Math.abs(b!), 0)),
    [-1, 2],
    /do not give what each/,
  ],
  ['rows that are left out', (rows) => rows.filter(([a]) => a! > 0).map(([a]) => a!), [-1, 2], /no row for each row/],
  ['a batch that is fixed', (rows) => rows.map(([a]) => a!), [1, 2], /first axis of 'x' is not free \(1x2\)/],
])('%s is refused', async (_, model, shape, why) => {
  await expect(prove(model, shape)).rejects.toMatchObject({ name: 'CannotJoin', message: expect.stringMatching(why) })
})
