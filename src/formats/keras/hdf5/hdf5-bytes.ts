// The bytes of an HDF5 file: every read stays inside them, and what leads outside is said as one line.
// https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html
import { InputError } from '../../../graph/input-error.ts'

/** An address or length that is not set, all bits one. */
export const UNDEFINED = Number.POSITIVE_INFINITY

export class Hdf5Bytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Begins every message: the file, or the file and the member in it. */
  readonly where: string
  readonly #view: DataView
  /** Bytes that may still be made by decompressing: no filter that is read here gives more than 1032 for one. */
  #decompressible: number

  constructor(bytes: Uint8Array<ArrayBuffer>, where: string) {
    this.bytes = bytes
    this.where = where
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#decompressible = Math.min(bytes.byteLength * DEFLATE_RATIO, LARGEST_BYTES)
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

  /** Throws where the four letters that a structure begins with are not there. */
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

  /** Takes `sizeBytes` of what decompressing may still make. */
  allow(sizeBytes: number, what: string): void {
    this.#decompressible -= sizeBytes
    if (!(this.#decompressible >= 0)) throw this.refused(`has arrays larger than its bytes can hold (${what})`, 'save it again')
  }

  #inside(at: number, sizeBytes: number): number {
    if (!(at >= 0 && sizeBytes >= 0 && at + sizeBytes <= this.bytes.byteLength))
      throw this.damaged(Math.min(at, this.bytes.byteLength), 'what is named there lies outside the file')
    return at
  }
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn
/** zlib's limit: 258 bytes for two bits. */
const DEFLATE_RATIO = 1032
const LARGEST_BYTES = 4 * 2 ** 30
const decoder = new TextDecoder()
