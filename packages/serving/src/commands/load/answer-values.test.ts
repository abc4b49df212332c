import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { areAlike } from './answer-values.ts'

const http = (one: string, other: string) => areAlike(Buffer.from(one), Buffer.from(other), 'http')

describe('JSON', () => {
  test.each([
    ['the last digits of numbers', '{"y":[[0.1,100],[3,4]]}', '{"y":[[0.1000001,100.00001],[3,4]]}', true],
    ['another number', '{"y":[[0.1,100],[3,4]]}', '{"y":[[0.1,100],[3,5]]}', false],
    ['small numbers beside large ones of another name', '{"shape":[1,1000],"y":[0.1]}', '{"shape":[1,1000],"y":[0.11]}', false],
    ['another shape', '{"y":[[1,2]]}', '{"y":[[1],[2]]}', false],
    ['another name', '{"y":[1]}', '{"z":[1]}', false],
    ['a label', '{"label":"cat","y":[1]}', '{"label":"dog","y":[1]}', false],
    ['no JSON', 'hello', 'hallo', false],
  ])('%s', (_, one, other, alike) => expect(http(one, other)).toBe(alike))
})

const raw = (values: readonly number[]) => Buffer.from(Float32Array.from(values).buffer)

test('raw tensors behind a JSON header', () => {
  const body = (values: readonly number[], name = 'y') => {
    const size = 4 * values.length
    const output = { name, datatype: 'FP32', shape: [values.length], parameters: { binary_data_size: size } }
    return Buffer.concat([Buffer.from(JSON.stringify({ model_name: 'm', outputs: [output] })), raw(values)])
  }
  expect(areAlike(body([1, 2]), body([1, 2.00001]), 'http')).toBe(true)
  expect(areAlike(body([1, 2]), body([1, 2.1]), 'http')).toBe(false)
  expect(areAlike(body([1, 2]), body([1, 2.00001], 'z'), 'http')).toBe(false)
})

test('gRPC messages', () => {
  const message = (values: readonly number[], model = 'm') => {
    const writer = new BinaryWriter()
    const field = (number: number) => writer.tag(number, WireType.LengthDelimited)
    field(1).string(model)
    field(5).fork()
    field(1).string('y')
    field(2).string('FP32')
    field(3).fork().int64(values.length).join()
    writer.join()
    field(6).bytes(raw(values))
    return Buffer.from(writer.finish())
  }
  expect(areAlike(message([1, 2]), message([1, 2.00001]), 'grpc')).toBe(true)
  expect(areAlike(message([1, 2]), message([1, 2.1]), 'grpc')).toBe(false)
  expect(areAlike(message([1, 2]), message([1, 2.00001], 'n'), 'grpc')).toBe(false)
  expect(areAlike(message([1, 2]), Buffer.from([0xff, 0xff]), 'grpc')).toBe(false)
})
