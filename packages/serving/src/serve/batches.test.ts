import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { expect, test } from 'vitest'
import { batchingObstacle, batchKeyOf, batchRequests, rowsOf, splitResults } from './batches.ts'
import type { ModelSpec, TensorSpec } from './protocol.ts'

const request = (rows: number, from: number): Feeds => ({
  x: { dtype: 'float32', shape: [rows, 2], data: Float32Array.from({ length: 2 * rows }, (_, k) => from + k) },
  id: { dtype: 'int64', shape: [rows], data: BigInt64Array.from({ length: rows }, (_, k) => BigInt(from + k)) },
  word: { dtype: 'string', shape: [rows, 1], data: Array.from({ length: rows }, (_, k) => `${from}.${k}`) },
})

test('what is joined is taken apart as it was', () => {
  const requests = [request(1, 10), request(3, 20), request(2, 30)]
  const whole = batchRequests(requests)
  expect(whole.x!.shape).toEqual([6, 2])
  expect([...(whole.id!.data as BigInt64Array)]).toEqual([10n, 20n, 21n, 22n, 30n, 31n])
  expect(splitResults(whole, [1, 3, 2])).toEqual(requests)
})

test('a part holds a buffer of its own, so that it can be handed over', () => {
  const [, part] = splitResults(batchRequests([request(1, 0), request(1, 9)]), [1, 1])!
  expect((part!.x!.data as Float32Array).buffer.byteLength).toBe(8)
})

test('results that have no row for each row are not taken apart', () => {
  expect(splitResults({ boxes: { dtype: 'float32', shape: [3, 4], data: new Float32Array(12) } }, [1, 1])).toBe(null)
  expect(splitResults({ sum: { dtype: 'float32', shape: [], data: new Float32Array(1) } }, [1, 1])).toBe(null)
  expect(splitResults({ sum: { dtype: 'float32', shape: [], data: new Float32Array(1) } }, [1])).toHaveLength(1)
})

test('requests go together by their dtypes and the sizes of other axes', () => {
  const longer: Feeds = { ...request(1, 0), x: { dtype: 'float32', shape: [1, 3], data: new Float32Array(3) } }
  expect(batchKeyOf(request(1, 0))).toBe(batchKeyOf(request(5, 7)))
  expect(batchKeyOf(longer)).not.toBe(batchKeyOf(request(1, 0)))
  expect(rowsOf(request(3, 0))).toBe(3)
  expect(rowsOf({ ...request(3, 0), ...{ id: request(2, 0).id! } })).toBe(null)
  expect(rowsOf({})).toBe(null)
})

const tensor = (name: string, shape: number[] | null): TensorSpec => ({ name, datatype: 'FP32', dtype: 'float32', shape })
const model = (...[inputs, outputs]: [TensorSpec[], TensorSpec[]]): ModelSpec => ({
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs,
  outputs,
})

test.each([
  [model([tensor('x', [-1, 4])], [tensor('y', [-1])]), null],
  [model([tensor('x', [-1, 4])], [tensor('y', null)]), null],
  [model([tensor('x', [1, 4])], [tensor('y', [-1])]), "the first axis of 'x' is not free (1x4)"],
  [model([tensor('x', [-1]), tensor('rate', [])], [tensor('y', [-1])]), "the first axis of 'rate' is not free (a scalar)"],
  [model([tensor('x', [-1])], [tensor('y', [1, 9])]), "the first axis of 'y' is not free (1x9)"],
])('models whose shapes do not allow it', (spec, why) => expect(batchingObstacle(spec)).toBe(why))
