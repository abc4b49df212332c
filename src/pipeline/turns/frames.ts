// Frames between this process and one of Python: four bytes (length, little-endian), as much JSON, and then the buffers that the JSON lists
// in `bufs`. Standard input and output carry them, since further descriptors do not reach Python on Windows
// (https://github.com/python/cpython/issues/104099).
import type { Encoded } from './value.ts'

/** Longer heads come from a program that writes where it must not. */
const LONGEST_HEAD = 1 << 30

/** The frame of a message; encoded values in it are flattened, their buffers behind one another. */
export function frameOf(message: object): Uint8Array[] {
  const buffers: Uint8Array[] = []
  const head = flatten(message, buffers) as Record<string, unknown>
  const text = new TextEncoder().encode(JSON.stringify({ ...head, bufs: buffers.map(({ byteLength }) => byteLength) }))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, text.byteLength, true)
  return [length, text, ...buffers]
}

const isEncoded = (value: object): value is Encoded => 'tree' in value && 'buffers' in value

function flatten(value: unknown, buffers: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => flatten(one, buffers))
  if (isEncoded(value)) {
    const first = buffers.length
    buffers.push(...value.buffers)
    return { tree: value.tree, first, count: value.buffers.length }
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, flatten(one, buffers)]))
}

/** Takes frames out of what arrives, in pieces of any size. Throws an Error where it is no frame. */
export function frameReader(onMessage: (message: unknown) => void): (piece: Uint8Array) => void {
  let pieces: Uint8Array[] = []
  let held = 0
  let head: { readonly bufs: readonly number[] } | null = null
  let needed = 4
  let state: 'length' | 'head' | 'buffers' = 'length'
  const take = (): Uint8Array => {
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    pieces = all.byteLength > needed ? [all.subarray(needed)] : []
    held -= needed
    return all.subarray(0, needed)
  }
  const step = () => {
    const bytes = take()
    if (state === 'length') {
      needed = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
      if (needed > LONGEST_HEAD) throw new Error('what arrived is no frame')
      state = 'head'
      return
    }
    if (state === 'head') {
      head = JSON.parse(new TextDecoder().decode(bytes)) as { bufs: number[] }
      needed = head.bufs.reduce((sum, size) => sum + size, 0)
      state = 'buffers'
      return
    }
    const buffers: Uint8Array[] = []
    let at = 0
    for (const size of head!.bufs) {
      buffers.push(new Uint8Array(bytes.subarray(at, at + size)))
      at += size
    }
    const message = head
    state = 'length'
    needed = 4
    onMessage(unflatten(message, buffers))
  }
  return (piece) => {
    pieces.push(piece)
    held += piece.byteLength
    while (held >= needed) step()
  }
}

function unflatten(value: unknown, buffers: readonly Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => unflatten(one, buffers))
  if ('tree' in value && 'first' in value && 'count' in value) {
    const { tree, first, count } = value as unknown as { tree: Encoded['tree']; first: number; count: number }
    return { tree, buffers: buffers.slice(first, first + count) }
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unflatten(one, buffers)]))
}
