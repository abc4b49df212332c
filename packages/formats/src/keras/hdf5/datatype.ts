// What elements are, and how many: the messages Datatype and Dataspace. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (IV.A.2.b, d)
import type { Hdf5Bytes } from './hdf5-bytes.ts'

export type Datatype =
  | { readonly kind: 'integer'; readonly sizeBytes: number; readonly signed: boolean; readonly bigEndian: boolean }
  | { readonly kind: 'float'; readonly sizeBytes: number; readonly bigEndian: boolean; readonly exponentBits: number }
  /** `sizeBytes` characters, ended or filled by NUL. */
  | { readonly kind: 'text'; readonly sizeBytes: number }
  /** A length and an address in the file's heap of texts. */
  | { readonly kind: 'long-text'; readonly sizeBytes: number }
  /** Bytes without a meaning of HDF5's own: what Keras stores bfloat16 as. */
  | { readonly kind: 'opaque'; readonly sizeBytes: number }
  | { readonly kind: 'other'; readonly sizeBytes: number }

export function readDatatype(file: Hdf5Bytes, start: number): Datatype {
  // Booleans: an enumeration whose type of numbers stands behind its head.
  const at = (file.u8(start) & 0xf) === ENUMERATION ? start + 8 : start
  const [form, bits, sizeBytes] = [file.u8(at) & 0xf, file.u8(at + 1), file.u32(at + 4)]
  const bigEndian = (bits & 1) !== 0
  switch (form) {
    case 0:
      return { kind: 'integer', sizeBytes, signed: (bits & 8) !== 0, bigEndian }
    case 1:
      return { kind: 'float', sizeBytes, bigEndian, exponentBits: file.u8(at + 13) }
    case 3:
      return { kind: 'text', sizeBytes }
    case 5:
      return { kind: 'opaque', sizeBytes }
    case 9:
      return { kind: (bits & 0xf) === 1 ? 'long-text' : 'other', sizeBytes }
    default:
      return { kind: 'other', sizeBytes }
  }
}

const ENUMERATION = 8

/** Sizes of the axes; [] for one element. */
export function readDataspace(file: Hdf5Bytes, at: number): number[] {
  const [version, rank] = [file.u8(at), file.u8(at + 1)]
  const none = version === 2 && file.u8(at + 3) === 2
  if (version !== 1 && version !== 2) throw file.damaged(at, 'an unknown kind of shape')
  if (rank > MOST_AXES) throw file.damaged(at, 'a shape of too many axes')
  const start = at + (version === 1 ? 8 : 4)
  const shape = Array.from({ length: rank }, (_, axis) => file.u64(start + 8 * axis))
  return none ? [0] : shape
}

/** HDF5's own limit. */
const MOST_AXES = 32
