// Frames to and from a process of Python: the header's length in four bytes (little-endian), the header in JSON, then the buffers that it lists
// under `bufs`. collector/whyslow_collector/wire.py is the other end.
import type { DType } from '../../graph/types.ts'
import { ARRAY_TYPES } from '../array-types.ts'
import type { Feeds, Results, TensorValue } from '../types.ts'

export interface Buf {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly nbytes: number
  /** In place of bytes. */
  readonly strings?: readonly string[]
}

export interface Frame {
  readonly header: Readonly<Record<string, unknown>> & { readonly bufs?: readonly Buf[] }
  readonly buffers: readonly Buffer[]
}

/** A longer header is none. */
const LONGEST_HEADER = 256e6

export function encodeFrame(header: object, buffers: readonly Uint8Array[] = []): Buffer[] {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return [length, text, ...buffers.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength))]
}

/** Takes bytes as they come and gives whole frames. Throws where what comes is no frame. */
export class FrameReader {
  private chunks: Buffer[] = []
  private length = 0

  add(chunk: Buffer): Frame[] {
    this.chunks.push(chunk)
    this.length += chunk.length
    const frames: Frame[] = []
    for (let frame = this.next(); frame !== null; frame = this.next()) frames.push(frame)
    return frames
  }

  private next(): Frame | null {
    if (this.length < 4) return null
    const headerLength = this.peek(4).readUInt32LE(0)
    if (headerLength > LONGEST_HEADER) throw new Error('what the Python process sent is no frame')
    if (this.length < 4 + headerLength) return null
    const header = JSON.parse(this.peek(4 + headerLength).toString('utf8', 4)) as Frame['header']
    const sizes = (header.bufs ?? []).map(({ nbytes }) => nbytes)
    const total = 4 + headerLength + sizes.reduce((sum, size) => sum + size, 0)
    if (this.length < total) return null
    const whole = this.peek(total)
    const rest = this.chunks[0]!.subarray(total)
    this.chunks = rest.length > 0 ? [rest] : []
    this.length -= total
    const buffers: Buffer[] = []
    let at = 4 + headerLength
    for (const size of sizes) {
      buffers.push(whole.subarray(at, at + size))
      at += size
    }
    return { header, buffers }
  }

  /** The first bytes in one piece: chunks are joined once so many are there. */
  private peek(bytes: number): Buffer {
    if (this.chunks[0]!.length < bytes) this.chunks = [Buffer.concat(this.chunks)]
    return this.chunks[0]!.subarray(0, bytes)
  }
}

export function encodeFeeds(feeds: Feeds): { readonly bufs: readonly Buf[]; readonly buffers: readonly Uint8Array[] } {
  const entries = Object.entries(feeds)
  const bytes = entries.map(([, { data }]) =>
    ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(0),
  )
  const bufs = entries.map(([name, { dtype, shape, data }], at) => ({
    name,
    dtype,
    shape,
    nbytes: bytes[at]!.length,
    ...(ArrayBuffer.isView(data) ? {} : { strings: data }),
  }))
  return { bufs, buffers: bytes }
}

export function decodeResults({ header, buffers }: Frame): Results {
  return Object.fromEntries((header.bufs ?? []).map((buf, at) => [buf.name, valueFrom(buf, buffers[at]!)]))
}

/** In memory of its own, aligned. */
function valueFrom({ dtype, shape, strings }: Buf, bytes: Buffer): TensorValue {
  if (dtype === 'string') return { dtype, shape, data: strings ?? [] }
  const buffer = new ArrayBuffer(bytes.length)
  new Uint8Array(buffer).set(bytes)
  const Elements = ARRAY_TYPES[dtype]!
  return { dtype, shape, data: new Elements(buffer, 0, bytes.length / Elements.BYTES_PER_ELEMENT) }
}
