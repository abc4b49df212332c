// Messages as a client writes them.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

export const arrayBytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

export interface ExampleRequest {
  readonly model?: string
  readonly name?: string
  readonly datatype?: string
  readonly shape?: readonly number[]
  readonly raw?: readonly Uint8Array[]
  /** fp32_contents */
  readonly floats?: readonly number[]
  readonly output?: string
  /** A parameter of the output, an integer. */
  readonly outputParameter?: readonly [string, number]
  /** µs */
  readonly timeout?: number
}

export function exampleRequest(changed: ExampleRequest = {}): Uint8Array {
  const {
    model = 'm',
    name = 'x',
    datatype = 'FP32',
    shape = [1, 2],
    raw = [],
    floats = [],
    output,
    outputParameter,
    timeout,
  } = changed
  const writer = new BinaryWriter()
  const delimited = (field: number) => writer.tag(field, WireType.LengthDelimited)
  delimited(1).string(model)
  const parameter = (field: number, key: string, value: number) => {
    delimited(field).fork()
    delimited(1).string(key)
    delimited(2).fork().tag(2, WireType.Varint).int64(value).join().join()
  }
  if (timeout !== undefined) parameter(4, 'timeout', timeout)
  delimited(5).fork()
  delimited(1).string(name)
  delimited(2).string(datatype)
  delimited(3).fork()
  for (const size of shape) writer.int64(size)
  writer.join()
  if (floats.length > 0) {
    delimited(5).fork()
    delimited(6).fork()
    for (const value of floats) writer.float(value)
    writer.join().join()
  }
  writer.join()
  if (output !== undefined) {
    delimited(6).fork()
    delimited(1).string(output)
    if (outputParameter !== undefined) parameter(2, ...outputParameter)
    writer.join()
  }
  for (const bytes of raw) delimited(7).bytes(bytes)
  return writer.finish()
}
