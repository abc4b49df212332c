import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import { readStatisticsMessage } from './statistics.ts'

const message = (writer: BinaryWriter, field: number) => writer.tag(field, WireType.LengthDelimited).fork()
const whole = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).uint64(value)

/** As Triton writes a model: fields that nobody here reads among the others. */
function model(writer: BinaryWriter, requests: number): void {
  message(writer, 1)
  writer.tag(1, WireType.LengthDelimited).string('m').tag(2, WireType.LengthDelimited).string('1')
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

test('durations, counts and calls are of all versions together', () => {
  const writer = new BinaryWriter()
  model(writer, 100)
  model(writer, 20)
  const of = (ms: number) => ({ count: 120, ns: 120 * ms * 1e6 })
  expect(readStatisticsMessage(writer.finish())).toEqual({
    inferences: 240,
    executions: 60,
    queue: of(1),
    compute_input: of(2),
    compute_infer: of(3),
    compute_output: of(4),
  })
})

test('an empty answer has none', () => expect(readStatisticsMessage(new Uint8Array(0))).toBeNull())

test('bytes that are no message are refused', () => expect(() => readStatisticsMessage(Buffer.from('<html>'))).toThrow())
