// Frames to and from a process of Python: the header's length in four bytes (little-endian), the header in JSON, then buffers, whose sizes it lists
// under `bufs`. Standard input and output carry them, since further descriptors do not reach Python on Windows
// (https://github.com/python/cpython/issues/104099). collector/whyslow_collector/wire.py is the other end.
import { constants } from 'node:buffer'
import type { DType } from '@whyslow/graph/types.ts'
import { ARRAY_TYPES } from '../array-types.ts'
import type { Feeds, Results, TensorValue } from '../types.ts'

/** A tensor whose elements are a buffer. */
interface Tensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Elements of a string tensor, in place of bytes. */
  readonly strings?: readonly string[]
}

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>
  readonly buffers: readonly Buffer[]
}

export function encodeFrame(header: object, buffers: readonly Uint8Array[] = []): Buffer[] {
  const text = Buffer.from(JSON.stringify({ ...header, bufs: buffers.map(({ byteLength }) => byteLength) }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return [length, text, ...buffers.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength))]
}

/** Takes bytes as they come and gives whole frames. Throws an Error if what comes is no frame. */
export class FrameReader {
  private pieces: Buffer[] = []
  private held = 0
  private headerLength: number | null = null
  private header: (Frame['header'] & { readonly bufs: readonly number[] }) | null = null

  add(piece: Buffer): Frame[] {
    this.pieces.push(piece)
    this.held += piece.length
    const frames: Frame[] = []
    for (let frame = this.next(); frame !== null; frame = this.next()) frames.push(frame)
    return frames
  }

  private next(): Frame | null {
    this.headerLength ??= this.take(4)?.readUInt32LE(0) ?? null
    if (this.headerLength === null) return null
    // No text can be longer: a program wrote into the pipe.
    if (this.headerLength > constants.MAX_STRING_LENGTH) throw new Error('what the Python process sent is not a frame')
    this.header ??= JSON.parse(this.take(this.headerLength)?.toString() ?? 'null')
    if (this.header === null) return null
    const { bufs, ...header } = this.header
    const whole = this.take(bufs.reduce((sum, size) => sum + size, 0))
    if (whole === null) return null
    this.headerLength = this.header = null
    const buffers: Buffer[] = []
    for (let at = 0; buffers.length < bufs.length; at += buffers.at(-1)!.length)
      buffers.push(whole.subarray(at, at + bufs[buffers.length]!))
    return { header, buffers }
  }

  /** The next bytes in one piece, once this many have come. */
  private take(bytes: number): Buffer | null {
    if (this.held < bytes) return null
    const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces)
    this.pieces = all.length > bytes ? [all.subarray(bytes)] : []
    this.held -= bytes
    return all.subarray(0, bytes)
  }
}

export function encodeFeeds(feeds: Feeds): { readonly tensors: readonly Tensor[]; readonly buffers: readonly Uint8Array[] } {
  const entries = Object.entries(feeds)
  return {
    tensors: entries.map(([name, { dtype, shape, data }]) => ({
      name,
      dtype,
      shape,
      ...(ArrayBuffer.isView(data) ? {} : { strings: data }),
    })),
    buffers: entries.map(([, { data }]) =>
      ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(0),
    ),
  }
}

export function decodeResults({ header, buffers }: Frame): Results {
  const tensors = (header.tensors ?? []) as readonly Tensor[]
  return Object.fromEntries(tensors.map((one, at) => [one.name, valueFrom(one, buffers[at]!)]))
}

/** The value of a tensor, in memory of its own, aligned. */
function valueFrom({ dtype, shape, strings }: Tensor, bytes: Buffer): TensorValue {
  if (dtype === 'string') return { dtype, shape, data: strings ?? [] }
  const buffer = new ArrayBuffer(bytes.length)
  new Uint8Array(buffer).set(bytes)
  const Elements = ARRAY_TYPES[dtype]!
  return { dtype, shape, data: new Elements(buffer, 0, bytes.length / Elements.BYTES_PER_ELEMENT) }
}
