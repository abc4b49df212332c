import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import { arrayBytes, exampleRequest } from '../../../test/support/serve/grpc/example-messages.ts'
import {
  readInferRequest,
  readModelName,
  writeBool,
  writeInferResponse,
  writeModelConfig,
  writeModelMetadata,
} from './messages.ts'

// Bytes by hand, from https://protobuf.dev/programming-guides/encoding/: field 1, length-delimited, is 0x0a.
test('a name and a version', () => {
  expect(readModelName(Uint8Array.of(0x0a, 1, 0x6d, 0x12, 1, 0x37))).toEqual({ name: 'm', version: '7' })
  expect(readModelName(new Uint8Array())).toEqual({ name: '', version: '' })
  // Field 9, which nobody knows, is skipped.
  expect(readModelName(Uint8Array.of(0x48, 5, 0x0a, 1, 0x6d))).toEqual({ name: 'm', version: '' })
})

test('a request has its texts, parameters, tensors and raw bytes', () => {
  const writer = new BinaryWriter()
  const text = (field: number, value: string) => writer.tag(field, WireType.LengthDelimited).string(value)
  text(1, 'm')
  text(2, '1')
  text(3, 'id')
  writer.tag(4, WireType.LengthDelimited).fork()
  text(1, 'timeout')
  writer.tag(2, WireType.LengthDelimited).fork().tag(2, WireType.Varint).int64(5000).join().join()
  writer.tag(5, WireType.LengthDelimited).fork()
  text(1, 'x')
  text(2, 'INT64')
  writer.tag(3, WireType.Varint).int64(2).tag(3, WireType.Varint).int64(1)
  writer.tag(5, WireType.LengthDelimited).fork()
  writer.tag(3, WireType.LengthDelimited).fork().int64(9007199254740993n).int64(-1).join().join().join()
  writer.tag(6, WireType.LengthDelimited).fork()
  text(1, 'y')
  writer.join()
  writer.tag(7, WireType.LengthDelimited).bytes(Uint8Array.of(1, 2))
  expect(readInferRequest(writer.finish())).toEqual({
    modelName: 'm',
    modelVersion: '1',
    id: 'id',
    parameters: new Map([['timeout', 5000]]),
    inputs: [{ name: 'x', datatype: 'INT64', shape: [2, 1], contents: [9007199254740993n, -1n] }],
    outputs: ['y'],
    raw: [Uint8Array.of(1, 2)],
  })
})

test('bytes that are no message', () => {
  expect(() => readInferRequest(Uint8Array.of(0x0a, 200))).toThrow()
  expect(() => readInferRequest(Uint8Array.of(0xff, 0xff, 0xff))).toThrow()
})

test('answers', () => {
  expect([...writeBool(true)]).toEqual([0x08, 1])
  expect([...writeBool(false)]).toEqual([])
  const outputs = [{ name: 'y', datatype: 'FP32', shape: [1, 2], raw: arrayBytes(1, 2) }]
  expect([...writeInferResponse({ modelName: 'm', modelVersion: null, id: 'i', outputs })]).toEqual([
    ...[0x0a, 1, 0x6d, 0x1a, 1, 0x69],
    ...[0x2a, 13, 0x0a, 1, 0x79, 0x12, 4, 0x46, 0x50, 0x33, 0x32, 0x1a, 2, 1, 2],
    ...[0x32, 8, ...arrayBytes(1, 2)],
  ])
  const spec = { name: 'x', datatype: 'FP32', dtype: 'float32', shape: [-1] } as const
  const metadata = writeModelMetadata({ name: 'm', version: null, platform: 'p', inputs: [spec], outputs: [] })
  // -1 takes ten bytes.
  expect([...metadata.slice(0, 11)]).toEqual([0x0a, 1, 0x6d, 0x12, 1, 0x31, 0x1a, 1, 0x70, 0x22, 21])
})

test('text that is no UTF-8 is no message', () => {
  expect(() => readModelName(Uint8Array.of(0x0a, 2, 0xc3, 0x28))).toThrow(/not UTF-8/)
  const contents = Uint8Array.of(0x42, 1, 0xff)
  const input = Uint8Array.of(0x2a, contents.length, ...contents)
  expect(() => readInferRequest(Uint8Array.of(0x2a, input.length, ...input))).toThrow(/not UTF-8/)
})

test('parts without end are no message', () => {
  const inputs = Buffer.concat(Array.from({ length: 5000 }, () => Uint8Array.of(0x2a, 0)))
  expect(() => readInferRequest(inputs)).toThrow(/more than 4096/)
  // Parameters of names of two bytes.
  const named = Array.from({ length: 5000 }, (_, k) =>
    Uint8Array.of(0x22, 4, 0x0a, 2, 0x30 + (k % 70), 0x30 + Math.floor(k / 70)),
  )
  expect(() => readInferRequest(Buffer.concat(named))).toThrow(/more than 4096/)
  // A packed shape of 5000 sizes: its length is the varint 0x88 0x27.
  const shape = Buffer.concat([Uint8Array.of(0x1a, 0x88, 0x27), Buffer.alloc(5000, 1)])
  const length = Uint8Array.of((shape.length & 0x7f) | 0x80, shape.length >> 7)
  expect(() => readInferRequest(Buffer.concat([Uint8Array.of(0x2a), length, shape]))).toThrow(/more than 4096/)
})

test('typed contents are as many as there may be, over all tensors', () => {
  // Seven numbers of fp32_contents in each of two tensors.
  const seven = exampleRequest({ shape: [1, 7], floats: [1, 2, 3, 4, 5, 6, 7] })
  const twice = Buffer.concat([seven, seven])
  expect(readInferRequest(twice, 14).inputs.map(({ contents }) => contents!.length)).toEqual([7, 7])
  expect(() => readInferRequest(twice, 13)).toThrow(
    expect.objectContaining({ status: 413, message: expect.stringMatching(/send tensors raw/) }),
  )
  // Three of bytes_contents, which are empty.
  const input = Uint8Array.of(0x2a, 6, 0x42, 0, 0x42, 0, 0x42, 0)
  const texts = Uint8Array.of(0x2a, input.length, ...input)
  expect(readInferRequest(texts, 3).inputs[0]!.contents).toEqual(['', '', ''])
  expect(() => readInferRequest(texts, 2)).toThrow('more than 2 typed contents')
})

test('a configuration is the one of REST, by numbers', () => {
  const x = { name: 'x', datatype: 'BYTES', dtype: 'string', shape: [2] } as const
  const y = { name: 'y', datatype: 'FP32', dtype: 'float32', shape: [3] } as const
  expect([...writeModelConfig({ name: 'm', version: null, platform: 'p', inputs: [x], outputs: [y] })]).toEqual([
    ...[0x0a, 26, 0x0a, 1, 0x6d, 0x12, 1, 0x70],
    // dims of an input are field 4, of an output 3.
    ...[0x2a, 8, 0x0a, 1, 0x78, 0x10, 13, 0x22, 1, 2],
    ...[0x32, 8, 0x0a, 1, 0x79, 0x10, 11, 0x1a, 1, 3],
  ])
})
