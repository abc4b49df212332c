// Messages to and from a process of Python as frames: the buffers of encoded values in them become those of the frame.
import { encodeFrame, type Frame } from '@whyslow/measure/engines/python/frames.ts'
import type { Encoded } from './value.ts'

export function encodeMessage(message: object): Buffer[] {
  const buffers: Uint8Array[] = []
  const header = replaceObjects(message, (value) => {
    if (!isEncoded(value)) return null
    buffers.push(...value.buffers)
    return { tree: value.tree, first: buffers.length - value.buffers.length, count: value.buffers.length }
  })
  return encodeFrame(header as object, buffers)
}

const isEncoded = (value: object): value is Encoded => 'tree' in value && 'buffers' in value

export const decodeMessage = ({ header, buffers }: Frame): unknown =>
  replaceObjects(header, (value) => {
    if (!isPlaced(value)) return null
    // Copies, so that the frame can be freed.
    const own = buffers.slice(value.first, value.first + value.count).map((one) => new Uint8Array(one))
    return { tree: value.tree, buffers: own }
  })

interface Placed extends Pick<Encoded, 'tree'> {
  /** Which of the frame's buffers. */
  readonly first: number
  readonly count: number
}

const isPlaced = (value: object): value is Placed => 'tree' in value && 'first' in value && 'count' in value

/** A copy in which each object is what `replaced` gives for it; null: its members are looked at. */
function replaceObjects(value: unknown, replaced: (value: object) => object | null): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => replaceObjects(one, replaced))
  const members = () => Object.entries(value).map(([key, one]) => [key, replaceObjects(one, replaced)])
  return replaced(value) ?? Object.fromEntries(members())
}
