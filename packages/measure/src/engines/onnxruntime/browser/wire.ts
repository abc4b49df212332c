// Tensors as bytes, for the way between Node and the page: the length of a JSON header (4 bytes, little-endian), the header with name,
// dtype, shape and place of each tensor, then the data, each at a multiple of 8. Strings stand in the header. Runs on both sides.
import type { DType } from '@whyslow/graph/types.ts'
import { ARRAY_TYPES } from '../../array-types.ts'
import type { TensorValue } from '../../types.ts'

export type NamedTensors = Readonly<Record<string, TensorValue>>

interface Entry {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly offset: number
  readonly bytes: number
  readonly strings?: readonly string[]
}

const ALIGN = 8
const aligned = (offset: number): number => Math.ceil(offset / ALIGN) * ALIGN

/** Several sets of tensors, such as the samples of a measurement. */
export function encode(sets: readonly NamedTensors[]): Uint8Array<ArrayBuffer> {
  let offset = 0
  const places: { readonly offset: number; readonly data: ArrayBufferView }[] = []
  const header = sets.map((tensors) =>
    Object.entries(tensors).map(([name, { dtype, shape, data }]): Entry => {
      if (!ArrayBuffer.isView(data)) return { name, dtype, shape, offset: 0, bytes: 0, strings: data }
      const entry = { name, dtype, shape, offset, bytes: data.byteLength }
      places.push({ offset, data })
      offset = aligned(offset + data.byteLength)
      return entry
    }),
  )
  const head = new TextEncoder().encode(JSON.stringify(header))
  const start = aligned(4 + head.byteLength)
  const bytes = new Uint8Array(start + offset)
  new DataView(bytes.buffer).setUint32(0, head.byteLength, true)
  bytes.set(head, 4)
  for (const place of places) {
    const { buffer, byteOffset, byteLength } = place.data
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start + place.offset)
  }
  return bytes
}

/** What `encode` wrote; the tensors see the bytes where they lie aligned in their buffer, else a copy of them. */
export function decode(given: Uint8Array): NamedTensors[] {
  const bytes = given.byteOffset % ALIGN === 0 ? given : given.slice()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headBytes = view.getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headBytes))) as Entry[][]
  const start = bytes.byteOffset + aligned(4 + headBytes)
  return header.map((entries) =>
    Object.fromEntries(
      entries.map((entry) => [
        entry.name,
        { dtype: entry.dtype, shape: entry.shape, data: dataOf(entry, bytes.buffer as ArrayBuffer, start) },
      ]),
    ),
  )
}

function dataOf({ dtype, offset, bytes, strings }: Entry, buffer: ArrayBuffer, start: number): TensorValue['data'] {
  if (strings !== undefined) return strings
  const type = ARRAY_TYPES[dtype]
  if (type === undefined) throw new Error(`a page takes no tensors of ${dtype}`)
  return new type(buffer, start + offset, bytes / type.BYTES_PER_ELEMENT)
}
