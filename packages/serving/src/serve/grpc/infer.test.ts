import { mulberry32 } from '@whyslow/graph/random.ts'
import { expect, test } from 'vitest'
import { arrayBytes, exampleRequest } from '../../../test/support/serve/grpc/example-messages.ts'
import type { ModelSpec } from '../protocol.ts'
import { encodeGrpcInfer, parseGrpcInfer } from './infer.ts'

const model: ModelSpec = {
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: [{ name: 'x', datatype: 'FP32', dtype: 'float32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', dtype: 'float32', shape: [-1] }],
}
const parse = (...request: Parameters<typeof exampleRequest>) => parseGrpcInfer(model, exampleRequest(...request))
const x = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1.5, -2) }

test('tensors are raw, or typed', () => {
  expect(parse({ raw: [arrayBytes(1.5, -2)], output: 'y' })).toMatchObject({ feeds: { x }, outputs: [{ name: 'y' }] })
  expect(parse({ floats: [1.5, -2] })).toMatchObject({ feeds: { x }, outputs: null, id: null, timeoutMs: null })
  const other = parse({ floats: [1, 2], output: 'y', outputParameter: ['binary_data', 1], timeout: 5000 })
  expect(other).toMatchObject({ outputs: [{ name: 'y' }], timeoutMs: 5 })
})

test.each([
  ['another model', { model: 'n', floats: [1, 2] }, 404, /no such model/],
  ['another input', { name: '__proto__', floats: [1, 2] }, 400, /none of the model's/],
  ['another datatype', { datatype: 'INT64', floats: [1, 2] }, 400, /takes FP32/],
  ['another shape', { shape: [2], floats: [1, 2] }, 400, /takes the shape/],
  ['a negative shape', { shape: [-1, 2], floats: [1, 2] }, 400, /not a list of sizes/],
  ['a shape of more than there is', { shape: [2 ** 40, 2], floats: [1, 2] }, 413, /more than this server takes/],
  ['a size beside a zero', { shape: [2 ** 40, 0] }, 413, /more than this server takes/],
  ['too few numbers', { floats: [1] }, 400, /x/],
  ['too few bytes', { raw: [arrayBytes(1)] }, 400, /4 bytes are not the 8/],
  ['raw contents of two inputs', { raw: [arrayBytes(1, 2), arrayBytes(1, 2)] }, 400, /not one for each/],
  ['both', { raw: [arrayBytes(1, 2)], floats: [1, 2] }, 400, /both contents and raw/],
  ['an output that there is not', { floats: [1, 2], output: 'z' }, 400, /none of the model's/],
  [
    'classification',
    { floats: [1, 2], output: 'y', outputParameter: ['classification', 3] },
    400,
    /classification is not offered/,
  ],
] as const)('%s is refused', (_, request, status, message) => {
  try {
    parse(request as Parameters<typeof exampleRequest>[0])
  } catch (error) {
    expect(error).toMatchObject({ name: 'RequestError', status, message: expect.stringMatching(message) })
    return
  }
  throw new Error('it was taken')
})

test('bytes that are no message are refused', () => {
  expect(() => parseGrpcInfer(model, Uint8Array.of(0x0a, 99))).toThrow(/the message cannot be read/)
})

test('answers with what was asked for', () => {
  const y = { dtype: 'float32', shape: [1], data: Float32Array.of(3) } as const
  const bytes = Buffer.from(encodeGrpcInfer(model, { id: 'a', outputs: null }, { y, z: y }))
  expect(bytes.includes(Buffer.from(arrayBytes(3)))).toBe(true)
  expect(bytes.includes('z')).toBe(false)
  expect(() => encodeGrpcInfer(model, { id: null, outputs: [{ name: 'y', binary: true }] }, {})).toThrow(/gave no output 'y'/)
})

test('messages that are cut anywhere, and ones with bytes changed, are refused or are what they say', () => {
  const whole = exampleRequest({ raw: [arrayBytes(1.5, -2)], output: 'y' })
  const outcome = (bytes: Uint8Array) => {
    try {
      return parseGrpcInfer(model, bytes).feeds
    } catch (error) {
      expect(error).toMatchObject({ name: 'RequestError', status: expect.toSatisfy((one: number) => one < 500) })
      return null
    }
  }
  for (let length = 0; length < whole.length; length++) {
    const feeds = outcome(whole.subarray(0, length))
    if (feeds !== null) expect(feeds).toEqual({ x })
  }
  const random = mulberry32(3)
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from(whole)
    for (let k = 0; k <= round % 3; k++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    const feeds = outcome(bytes)
    if (feeds !== null)
      expect([feeds.x!.dtype, feeds.x!.shape.reduce((a, b) => a * b, 1)]).toEqual([
        'float32',
        (feeds.x!.data as Float32Array).length,
      ])
  }
})
