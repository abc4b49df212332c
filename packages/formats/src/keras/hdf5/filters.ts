// What was done to the pieces of an array before they were stored: deflate, shuffle and Fletcher's checksum, as h5py can; all others,
// which may be libraries of someone's own, are refused. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (IV.A.2.l)
import { inflateSync } from 'node:zlib'
import type { Hdf5Bytes } from './hdf5-bytes.ts'

const NAMES: Readonly<Record<number, string>> = { 4: 'szip', 5: 'n-bit', 6: 'scale-offset', 32000: 'lzf', 32001: 'blosc' }
/** HDF5's own limit. */
const MOST_FILTERS = 32
const [DEFLATE, SHUFFLE, FLETCHER] = [1, 2, 3]

/** Numbers of the filters in the order in which they were applied. */
export function readFilters(file: Hdf5Bytes, start: number, name: string): number[] {
  const [version, count] = [file.u8(start), file.u8(start + 1)]
  if (count > MOST_FILTERS) throw file.damaged(start, `${count} filters`)
  if (version !== 1 && version !== 2) throw file.damaged(start, 'an unknown list of filters')
  const filters: number[] = []
  let at = start + (version === 1 ? 8 : 2)
  for (let k = 0; k < count; k++) {
    const id = file.u16(at)
    const named = version === 1 || id >= 256
    const nameBytes = named ? file.u16(at + 2) : 0
    at += named ? 4 : 2
    const values = file.u16(at + 2)
    at +=
      4 + (version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes) + 4 * values + (version === 1 && values % 2 === 1 ? 4 : 0)
    if (id !== DEFLATE && id !== SHUFFLE && id !== FLETCHER)
      throw file.refused(
        `stores array '${name}' with the filter ${NAMES[id] ?? id}, which is not read`,
        'save it with gzip or without compression',
      )
    filters.push(id)
  }
  return filters
}

export interface FilterParts {
  readonly filters: readonly number[]
  /** Bit k: the filter k was left out for this piece. */
  readonly mask: number
  readonly sizeBytes: number
  readonly elementBytes: number
  readonly name: string
}

/** The piece as it was before, at most `sizeBytes`. */
export function applyFilters(file: Hdf5Bytes, stored: Uint8Array, parts: FilterParts): Uint8Array {
  const { filters, mask, sizeBytes, elementBytes, name } = parts
  let content = stored
  for (const [k, id] of [...filters.entries()].reverse()) {
    if ((mask & (1 << k)) !== 0) continue
    if (id === FLETCHER) content = content.subarray(0, Math.max(0, content.byteLength - 4))
    else if (id === SHUFFLE) content = unshuffled(content, elementBytes)
    else content = inflated(file, content, { limitBytes: sizeBytes + 4, name })
  }
  return content
}

function inflated(
  file: Hdf5Bytes,
  content: Uint8Array,
  { limitBytes, name }: { readonly limitBytes: number; readonly name: string },
): Uint8Array {
  try {
    return inflateSync(content, { maxOutputLength: limitBytes })
  } catch {
    throw file.damaged(content.byteOffset - file.bytes.byteOffset, `compressed bytes of array '${name}'`)
  }
}

/** Bytes of elements, which were stored all first ones first, as elements again. */
function unshuffled(content: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(content.byteLength / elementBytes)
  if (count === 0) return content
  const result = new Uint8Array(content)
  for (let k = 0; k < elementBytes; k++) for (let i = 0; i < count; i++) result[i * elementBytes + k] = content[k * count + i]!
  return result
}
