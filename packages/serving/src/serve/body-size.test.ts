import { expect, test } from 'vitest'
import { bodySizes, mostOfBody } from './body-size.ts'
import type { ModelSpec, TensorSpec } from './protocol.ts'

const MOST = 256 * 1024 * 1024
const modelOf = (...inputs: Pick<TensorSpec, 'dtype' | 'shape'>[]): ModelSpec => ({
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: inputs.map((input, k) => ({ name: `x${k}`, datatype: '', ...input })),
  outputs: [],
})
const picture = modelOf({ dtype: 'float32', shape: [1, 3, 224, 224] })

test('where all sizes are fixed, a body has what they take, as bytes and as indented text', () => {
  // 1·3·224·224 = 150,528 elements of 4 bytes.
  const sizes = bodySizes(picture, MOST)
  expect(sizes).toEqual({ raw: 602_112, json: 150_528 * 128 + 65_536, message: 150_528 * 12 + 65_536 })
  expect(mostOfBody(sizes, MOST, null)).toBe(sizes.json)
  expect(mostOfBody(sizes, MOST, 100)).toBe(602_212)
  expect(mostOfBody(sizes, MOST, 1e12)).toBe(sizes.json + 602_112)
  // As a client that writes for people does: each number in a line, indented by its depth.
  const written = (count: number) => {
    const data = [[Array.from({ length: count }, () => -1.2345678901234567e-100)]]
    return JSON.stringify({ inputs: [{ name: 'x0', shape: [1, 1, count], datatype: 'FP64', data }] }, null, 8).length
  }
  expect((written(200) - written(100)) / 100).toBeLessThan(128)
})

test.each([
  ['a size that is free', modelOf({ dtype: 'float32', shape: [-1, 3] })],
  ['a shape that is not known', modelOf({ dtype: 'float32', shape: null })],
  ['text, which is as long as it is', modelOf({ dtype: 'float32', shape: [1] }, { dtype: 'string', shape: [1] })],
])('%s has no bound but the limit', (_, model) => {
  expect(bodySizes(model, MOST)).toEqual({ json: MOST, raw: MOST, message: MOST })
})

test('no text is longer than a string can be, whatever the limit', () => {
  expect(bodySizes(modelOf({ dtype: 'string', shape: [1] }), 2 ** 40).json).toBeLessThan(2 ** 30)
})
