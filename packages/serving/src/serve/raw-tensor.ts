// Tensors as raw bytes: little-endian, row-major, strings with their length before them; the binary extension's and gRPC's form.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
import { isUtf8 } from 'node:buffer'
import type { DType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { viewAs } from '@whyslow/measure/samples/dtype-arrays.ts'
import { MOST_LISTED } from './parse-memory.ts'
import { badRequest, bytesPerElement, RequestError } from './protocol.ts'

export interface RawTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** Throws RequestError if the bytes are not those of the shape. A slice is rarely aligned: the bytes are copied. */
export function decodeRaw({ name, dtype, shape }: RawTensor, bytes: Uint8Array): TensorValue {
  const count = shape.reduce((product, size) => product * size, 1)
  const width = bytesPerElement(dtype)
  if (width === undefined) return { dtype, shape, data: decodeStrings(name, bytes, count) }
  if (bytes.length !== count * width)
    throw badRequest(`input '${name}': ${bytes.length} bytes are not the ${count * width} of its shape and datatype`)
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  if (dtype === 'bool') for (let k = 0; k < copy.length; k++) copy[k] = copy[k] === 0 ? 0 : 1
  return { dtype, shape, data: viewAs(dtype, copy, count) }
}

function decodeStrings(name: string, bytes: Uint8Array, count: number): string[] {
  if (count > MOST_LISTED) throw new RequestError(413, `input '${name}': more than ${MOST_LISTED} strings are not taken at once`)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const strings: string[] = []
  let at = 0
  while (at < buffer.length && strings.length < count) {
    if (at + 4 > buffer.length) break
    const length = buffer.readUInt32LE(at)
    if (at + 4 + length > buffer.length) break
    const text = buffer.subarray(at + 4, at + 4 + length)
    if (!isUtf8(text)) throw badRequest(`input '${name}': its string ${strings.length} is not UTF-8`)
    strings.push(text.toString('utf8'))
    at += 4 + length
  }
  if (strings.length === count && at === buffer.length) return strings
  throw badRequest(`input '${name}': its bytes are not the ${count} strings of its shape`)
}

export function encodeRaw({ data }: TensorValue): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const parts = data.flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat(parts)
}
