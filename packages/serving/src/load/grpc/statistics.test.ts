import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import { readStatisticsMessage } from './statistics.ts'

const message = (writer: BinaryWriter, field: number) => writer.tag(field, WireType.LengthDelimited).fork()
const whole = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).uint64(value)

/** As Triton writes a model: fields that nobody here reads among the others. */
function model(writer: BinaryWriter, version: string, requests: number): void {
  message(writer, 1)
  writer.tag(1, WireType.LengthDelimited).string('m').tag(2, WireType.LengthDelimited).string(version)
  whole(whole(whole(writer, 3, 1_700_000_000_000), 4, 2 * requests), 5, requests / 2)
  message(writer, 6)
  for (const [field, ms] of [
    [1, 9],
    [3, 1],
    [4, 2],
    [5, 3],
    [6, 4],
    [7, 5],
  ] as const) {
    message(writer, field)
    whole(whole(writer, 1, requests), 2, requests * ms * 1e6).join()
  }
  writer.join().join()
}

test('rows, calls and durations are by version', () => {
  const writer = new BinaryWriter()
  model(writer, '1', 100)
  model(writer, '2', 20)
  const counters = (requests: number) => [
    2 * requests,
    requests / 2,
    ...[1, 2, 3, 4].flatMap((ms) => [requests, requests * ms * 1e6]),
  ]
  expect(readStatisticsMessage(writer.finish())).toEqual(
    new Map([
      ['1', counters(100)],
      ['2', counters(20)],
    ]),
  )
})

test('an empty answer has none', () => expect(readStatisticsMessage(new Uint8Array(0))).toBeNull())

test('bytes that are no message are refused', () => expect(() => readStatisticsMessage(Buffer.from('<html>'))).toThrow())
