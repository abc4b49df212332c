// Long requests and answers in the thread that `whyslow serve` has for it: as if it were read and written here.

import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { afterAll, expect, test } from 'vitest'
import { arrayBytes, exampleRequest } from '../../test/support/serve/grpc/example-messages.ts'
import { createCodecThread } from './codec-thread.ts'
import { encodeGrpcInfer, parseGrpcInfer } from './grpc/infer.ts'
import { parseInfer } from './rest-request.ts'
import { encodeInfer, isLongAnswer } from './rest-response.ts'

const tensor = { datatype: 'FP32', dtype: 'float32', shape: [-1] } as const
const model = {
  ...{ name: 'm', version: null, platform: 'p' },
  inputs: [
    { ...tensor, name: 'x' },
    { name: 'n', datatype: 'INT64', dtype: 'int64' as const, shape: [-1] },
    { name: 's', datatype: 'BYTES', dtype: 'string' as const, shape: [-1] },
  ],
  outputs: [{ ...tensor, name: 'y' }],
}
const logged: Readonly<Record<string, unknown>>[] = []
const thread = createCodecThread(new URL('./codec-worker.js', compiledTwin(import.meta.url)), model, (entry) =>
  logged.push(entry),
)
afterAll(() => thread.close())

const given = (more: object = {}) =>
  Buffer.from(
    JSON.stringify({
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [3], data: [1, 2.5, -3] },
        { name: 'n', datatype: 'INT64', shape: [1], data: [7] },
        { name: 's', datatype: 'BYTES', shape: [2], data: ['a', 'ü'] },
      ],
      ...more,
    }).replace('[7]', '[9007199254740993]'),
  )
/** Copied: what the thread gets is its own. */
const parts = (body: Buffer) => [Buffer.from(body.subarray(0, 20)), Buffer.from(body.subarray(20))]

test('a request is read as it is here, whatever its parts', async () => {
  const body = given({ id: 'one' })
  expect(await thread.parse('rest', parts(body), null)).toEqual(parseInfer(model, body, null))
})

test('requests are refused as they are here, and the thread goes on', async () => {
  for (const body of [Buffer.from('{'), Buffer.from([0xff]), given({ inputs: [{ name: 'z' }] })])
    await expect(thread.parse('rest', parts(body), null)).rejects.toMatchObject({ name: 'RequestError', status: 400 })
  expect((await thread.parse('rest', parts(given()), null)).feeds.x).toEqual({
    ...{ dtype: 'float32', shape: [3], data: Float32Array.of(1, 2.5, -3) },
  })
})

test('an answer is written as it is here', async () => {
  const request = parseInfer(model, given(), null)
  const results = () => ({ y: { dtype: 'float32', shape: [2], data: Float32Array.of(1.5, 2) } as const })
  expect(await thread.encode('rest', request, results())).toEqual(encodeInfer(model, request, results()))
  await expect(thread.encode('rest', request, {})).rejects.toMatchObject({ status: 500 })
})

test('so are messages of gRPC', async () => {
  const only = { ...model, inputs: model.inputs.slice(0, 1) }
  const own = createCodecThread(new URL('./codec-worker.js', compiledTwin(import.meta.url)), only, () => {})
  const message = exampleRequest({ shape: [2], raw: [arrayBytes(1, 2)] })
  const request = await own.parse('grpc', [Buffer.from(message)], null)
  expect(request).toEqual(parseGrpcInfer(only, message))
  const results = () => ({ y: { dtype: 'float32', shape: [2], data: Float32Array.of(1.5, 2) } as const })
  const { body } = await own.encode('grpc', request, results())
  expect(new Uint8Array(body)).toEqual(new Uint8Array(encodeGrpcInfer(only, request, results())))
  own.close()
})

test('an answer is long by its bytes, or by what it is as JSON', () => {
  const request = parseInfer(model, given(), null)
  const results = { y: { dtype: 'float32', shape: [100_000], data: new Float32Array(100_000) } as const }
  expect(isLongAnswer(model, request, results)).toBe(true)
  expect(isLongAnswer(model, { ...request, binaryOutput: true }, results)).toBe(false)
  expect(isLongAnswer(model, { ...request, binaryOutput: true }, { y: { ...results.y, shape: [300_000] } })).toBe(true)
  expect(isLongAnswer(model, request, { y: { ...results.y, shape: [100] } })).toBe(false)
})

test('a thread that dies takes the request that it was at with it, and no other', async () => {
  const code = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ parts }) => {
      if (parts[0][0] === 0) throw new Error('no memory')
      parentPort.postMessage({ kind: 'refused', status: 413, message: 'alive' })
    })`
  const dying = createCodecThread(new URL(`data:text/javascript,${encodeURIComponent(code)}`), model, (entry) =>
    logged.push(entry),
  )
  const asked = [1, 0, 1].map((first) => dying.parse('rest', [Buffer.of(first)], null).catch((error: Error) => error.message))
  expect(await Promise.all(asked)).toEqual(['alive', 'no memory', 'alive'])
  expect(logged).toContainEqual({ level: 'warn', message: 'the thread for long requests ended', error: 'no memory' })
  dying.close()
})
