import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { afterEach, expect, test } from 'vitest'
import { frame } from '../../load/grpc/http2.ts'
import { openGrpcTarget } from './grpc-target.ts'
import { LOAD_DEFAULTS } from './options.ts'

let server: http2.Http2Server
afterEach(() => server.close())

const message = (writer: BinaryWriter, field: number) => writer.tag(field, WireType.LengthDelimited).fork()
const text = (writer: BinaryWriter, field: number, value: string) => writer.tag(field, WireType.LengthDelimited).string(value)

/** An input x, FP32, of two numbers. */
function metadata(): Uint8Array {
  const writer = text(new BinaryWriter(), 1, 'm')
  text(text(message(writer, 4), 1, 'x'), 2, 'FP32')
    .tag(3, WireType.Varint)
    .int64(2)
    .join()
  return writer.finish()
}

/** Of one version, 3 rows in 2 calls. */
function statistics(): Uint8Array {
  const writer = new BinaryWriter()
  text(text(message(writer, 1), 1, 'm'), 2, '1')
    .tag(4, WireType.Varint)
    .uint64(3)
    .tag(5, WireType.Varint)
    .uint64(2)
    .join()
  return writer.finish()
}

/** Of a service whose methods answer with these messages; the others are not there. */
async function open(methods: Readonly<Record<string, Uint8Array>>) {
  server = http2.createServer()
  server.on('stream', (stream, headers) => {
    const body = methods[String(headers[':path']).replace('/inference.GRPCInferenceService/', '')]
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': body === undefined ? '12' : '0' }))
    if (body === undefined) return stream.end()
    stream.end(frame(body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return openGrpcTarget(`grpc://127.0.0.1:${(server.address() as AddressInfo).port}/m`, LOAD_DEFAULTS)
}

const SERVES = { ModelMetadata: metadata(), ModelInfer: text(new BinaryWriter(), 1, 'm').finish() }

test("a server's statistics are asked for by their method", async () => {
  const opened = await open({ ...SERVES, ModelStatistics: statistics() })
  expect([...(await opened.statistics!())!]).toEqual([['1', [3, 2, 0, 0, 0, 0, 0, 0, 0, 0]]])
})

test('a server without the method keeps none', async () => {
  const opened = await open(SERVES)
  expect(opened.statistics).toBeUndefined()
  expect(opened.described.inputs!.tensors).toMatchObject([{ name: 'x', datatype: 'FP32' }])
})
