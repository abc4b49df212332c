// Byte strings as numbers: a trace says the same few thousand names millions of times. Looked up without making a string of them.

/** Beyond these a new string is `OTHER`: names that never repeat (with counters in them) must not fill the memory. */
const MOST_STRINGS = 400_000
const MOST_BYTES = 96 * 2 ** 20

export class Interned {
  readonly #buckets: Int32Array = new Int32Array(1 << 20).fill(-1)
  readonly #next: number[] = []
  readonly #hashes: number[] = []
  readonly #bytes: Buffer[] = []
  #size = 0
  #overflow = -1

  /** The number of the bytes from `from` up to `to`. */
  id(buffer: Buffer, from: number, to: number): number {
    let hash = 0x811c9dc5
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ buffer[i]!, 0x01000193)
    hash = (hash ^ (hash >>> 15)) | 0
    const bucket = hash & (this.#buckets.length - 1)
    for (let at = this.#buckets[bucket]!; at >= 0; at = this.#next[at]!) {
      if (this.#hashes[at] === hash && isSame(this.#bytes[at]!, buffer, from, to)) return at
    }
    return this.#add({ buffer, from, to, hash, bucket })
  }

  /** The number of a text. */
  idOf(text: string): number {
    const bytes = Buffer.from(text)
    return this.id(bytes, 0, bytes.length)
  }

  get length(): number {
    return this.#bytes.length
  }

  /** The text of a number, as JSON would read it. */
  text(id: number): string {
    return decoded(this.#bytes[id]!)
  }

  /** All texts, by number. */
  texts(): string[] {
    return this.#bytes.map(decoded)
  }

  #add({ buffer, from, to, hash, bucket }: { buffer: Buffer; from: number; to: number; hash: number; bucket: number }): number {
    const isFull = this.#bytes.length >= MOST_STRINGS || this.#size + to - from > MOST_BYTES
    if (isFull && this.#overflow >= 0) return this.#overflow
    const bytes = isFull ? Buffer.from('(other names)') : Buffer.from(buffer.subarray(from, to))
    const id = this.#bytes.length
    this.#bytes.push(bytes)
    this.#hashes.push(isFull ? 0 : hash)
    this.#next.push(isFull ? -1 : this.#buckets[bucket]!)
    if (isFull) this.#overflow = id
    else this.#buckets[bucket] = id
    this.#size += bytes.length
    return id
  }
}

function isSame(bytes: Buffer, buffer: Buffer, from: number, to: number): boolean {
  if (bytes.length !== to - from) return false
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== buffer[from + i]) return false
  return true
}

/** What stands between quotes in JSON, as text; control characters and bad escapes, which traces hold, are taken as they are. */
export function decoded(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}
