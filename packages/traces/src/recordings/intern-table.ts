// Byte strings as numbers: a trace says the same few thousand names millions of times. Looked up without making a string of them.
import { jsonValue } from '@whyslow/graph/json.ts'

/** Beyond these a new string is `(other names)`: names that never repeat (with counters in them) must not fill the memory. */
const MOST_STRINGS = 400_000
const MOST_BYTES = 96 * 2 ** 20

export class InternTable {
  /** All strings, one after another: a few dozen bytes each, and no object. */
  #arena: Buffer = Buffer.allocUnsafe(1 << 14)
  /** Where in it a string begins; the next one's beginning is its end. */
  #starts = new Uint32Array(1 << 10)
  #hashes = new Int32Array(1 << 10)
  #next = new Int32Array(1 << 10)
  #buckets: Int32Array = new Int32Array(1 << 12).fill(-1)
  #length = 0
  #overflow = -1

  /** The number of the bytes from `from` up to `to`. */
  id(buffer: Buffer, from: number, to: number): number {
    const known = this.knownOrNew(buffer, from, to)
    if (known >= 0) return known
    if (this.#overflow < 0) this.#overflow = this.#add(OTHER, 0, OTHER.length, 0)
    return this.#overflow
  }

  /** The same; -1 if it is new and there is no room for it. */
  knownOrNew(buffer: Buffer, from: number, to: number): number {
    let hash = 0x811c9dc5
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ buffer[i]!, 0x01000193)
    hash = (hash ^ (hash >>> 15)) | 0
    const hashes = this.#hashes
    for (let at = this.#buckets[hash & (this.#buckets.length - 1)]!; at >= 0; at = this.#next[at]!) {
      if (hashes[at] === hash && this.#isSame(at, buffer, from, to)) return at
    }
    if (this.#length >= MOST_STRINGS || this.#starts[this.#length]! + to - from > MOST_BYTES) return -1
    return this.#add(buffer, from, to, hash)
  }

  /** The number of a text. */
  idOf(text: string): number {
    const bytes = Buffer.from(text)
    return this.id(bytes, 0, bytes.length)
  }

  get length(): number {
    return this.#length
  }

  /** The text of a number, as JSON would read it. */
  text(id: number): string {
    return decodeText(this.#arena.subarray(this.#starts[id]!, this.#starts[id + 1]!))
  }

  /** All texts, by number. */
  texts(): string[] {
    return Array.from({ length: this.#length }, (_, id) => this.text(id))
  }

  #isSame(id: number, buffer: Buffer, from: number, to: number): boolean {
    const arena = this.#arena
    const start = this.#starts[id]!
    if (this.#starts[id + 1]! - start !== to - from) return false
    for (let i = from, at = start; i < to; i++, at++) if (arena[at] !== buffer[i]) return false
    return true
  }

  #add(buffer: Buffer, from: number, to: number, hash: number): number {
    const id = this.#length
    const start = this.#starts[id]!
    const end = start + to - from
    if (end > this.#arena.length) this.#arena = Buffer.concat([this.#arena], Math.max(end, this.#arena.length * 2))
    if (id + 2 > this.#starts.length) this.#grow()
    buffer.copy(this.#arena, start, from, to)
    this.#starts[id + 1] = end
    this.#hashes[id] = hash
    this.#length++
    this.#chain(id)
    return id
  }

  #chain(id: number): void {
    const bucket = this.#hashes[id]! & (this.#buckets.length - 1)
    this.#next[id] = this.#buckets[bucket]!
    this.#buckets[bucket] = id
  }

  #grow(): void {
    const size = this.#starts.length * 2
    this.#starts = longer(this.#starts, new Uint32Array(size))
    this.#hashes = longer(this.#hashes, new Int32Array(size))
    this.#next = new Int32Array(size)
    this.#buckets = new Int32Array(size * 4).fill(-1)
    for (let id = 0; id < this.#length; id++) this.#chain(id)
  }
}

const OTHER = Buffer.from('(other names)')

function longer<T extends Uint32Array | Int32Array>(known: T, into: T): T {
  into.set(known)
  return into
}

/** What stands between quotes in JSON, as text; control characters and bad escapes, which traces hold, are taken as they are. */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\\')) return text
  return (jsonValue(`"${text}"`) as string | undefined) ?? text
}
