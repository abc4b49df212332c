// The bytes of an HDF5 file: every read stays inside them, and what leads outside is said as one line. All that is made of them (texts,
// lists, arrays) is paid from one budget, since a small file can name one object a million times.
// https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html
import { InputError } from '@whyslow/graph/input-error.ts'

/** An address or length that is not set, all bits one. */
export const UNDEFINED = Number.POSITIVE_INFINITY

export class Hdf5Bytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Begins every message: the file, or the file and the member in it. */
  readonly where: string
  readonly #view: DataView
  /** What was made of a place in the file, for `once`. */
  readonly #made = new Map<number, unknown>()
  /** Bytes that may still be decoded. */
  #left: number

  constructor(bytes: Uint8Array<ArrayBuffer>, where: string) {
    this.bytes = bytes
    this.where = where
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#left = DECODED_AT_LEAST_BYTES + bytes.byteLength * DECODED_PER_BYTE
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#inside(at, 1))
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#inside(at, 2), true)
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#inside(at, 4), true)
  }

  /** UNDEFINED where all bits are one; what is no exact number ends as damage. */
  u64(at: number): number {
    const value = this.#view.getBigUint64(this.#inside(at, 8), true)
    if (value === ALL_ONES) return UNDEFINED
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(at, 'a number beyond the file')
    return Number(value)
  }

  /** A little-endian number of 1, 2, 4 or 8 bytes. */
  unsigned(at: number, sizeBytes: number): number {
    if (sizeBytes === 8) return this.u64(at)
    return sizeBytes === 4 ? this.u32(at) : sizeBytes === 2 ? this.u16(at) : this.u8(at)
  }

  /** A view, no copy. */
  slice(at: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
    this.#inside(at, sizeBytes)
    return this.bytes.subarray(at, at + sizeBytes)
  }

  text(at: number, sizeBytes: number): string {
    return decoder.decode(this.slice(at, sizeBytes))
  }

  /** Throws if the four letters that a structure begins with are not there. */
  signature(at: number, letters: string): void {
    if (this.text(at, letters.length) !== letters) throw this.damaged(at, `no ${letters}`)
  }

  damaged(at: number, what: string): InputError {
    const place = Number.isFinite(at) ? ` at byte ${at}` : ''
    return new InputError(`${this.where} is cut off or damaged${place} (${what}); download or save it again`)
  }

  refused(what: string, next: string): InputError {
    return new InputError(`${this.where} ${what}; ${next}`)
  }

  /** Takes what decoding `what` makes of the budget: its bytes, and those of `objects` objects. */
  spend(sizeBytes: number, what: string, objects = 0): void {
    this.#left -= sizeBytes + objects * OBJECT_BYTES
    if (!(this.#left >= 0))
      throw this.refused(`decodes to far more than its ${this.bytes.byteLength} bytes (last ${what})`, 'save it again')
  }

  /** What `make` makes of the structure at `at`, made the first time that it is requested. */
  once<Made>(at: number, make: () => Made): Made {
    if (!this.#made.has(at)) this.#made.set(at, make())
    return this.#made.get(at) as Made
  }

  #inside(at: number, sizeBytes: number): number {
    if (!(at >= 0 && sizeBytes >= 0 && at + sizeBytes <= this.bytes.byteLength))
      throw this.damaged(Math.min(at, this.bytes.byteLength), 'what is named there lies outside the file')
    return at
  }
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn
/** Weights are stored once, and hardly shrink when they are compressed. */
const DECODED_PER_BYTE = 4
const DECODED_AT_LEAST_BYTES = 128 * 2 ** 20
/** A short text, a message, an entry of a map. */
const OBJECT_BYTES = 64
const decoder = new TextDecoder()
