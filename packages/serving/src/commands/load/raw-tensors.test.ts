import { expect, test } from 'vitest'
import { asRaw } from './raw-tensors.ts'

const raw = (request: unknown) => asRaw(Buffer.from(typeof request === 'string' ? request : JSON.stringify(request)))
const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [[1.5, -2]] }

test('tensors that go as text have the same bytes raw', () => {
  const { body, headers } = raw({ id: '7', inputs: [input, { name: 'k', datatype: 'INT64', shape: [1], data: [3] }] })!
  const headerBytes = Number(Object.fromEntries(headers)['Inference-Header-Content-Length'])
  const { inputs, parameters } = JSON.parse(body.toString('utf8', 0, headerBytes))
  expect(inputs).toEqual([
    { name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
    { name: 'k', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } },
  ])
  expect(parameters).toEqual({ binary_data_output: true })
  const rest = body.subarray(headerBytes)
  expect([rest.readFloatLE(0), rest.readFloatLE(4), rest.readBigInt64LE(8)]).toEqual([1.5, -2, 3n])
})

test.each([
  ['asks for some outputs only', { inputs: [input], outputs: [{ name: 'y' }] }],
  ['is another service’s', { instances: [[1, 2]] }],
  ['has values that are not those of its shape', { inputs: [{ ...input, shape: [3] }] }],
  ['has integers that JSON rounds', '{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}'],
  ['is not valid JSON', 'hello'],
])('a request that %s has no such form', (_, request) => expect(raw(request)).toBe(null))
