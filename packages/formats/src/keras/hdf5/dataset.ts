// Arrays: their shape and type, and the bytes in row-major order, views into the file where they are in one piece. Shapes are held
// against the file's size before anything is made for them. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (IV.A.2.i, l; III.A.1)
import { elementCount } from '@whyslow/graph/dtype.ts'
import { type AttributeTexts, readAttributes, readTexts } from './attributes.ts'
import { type Datatype, readDataspace, readDatatype } from './datatype.ts'
import { applyFilters, readFilters } from './filters.ts'
import { type Hdf5Bytes, UNDEFINED } from './hdf5-bytes.ts'
import { leavesOf } from './links.ts'
import { MESSAGE, type Message } from './object-header.ts'

export interface Hdf5Dataset {
  readonly type: Datatype
  readonly shape: readonly number[]
  readonly attributes: ReadonlyMap<string, AttributeTexts>
  /** Elements one after the other, as the file has them. */
  bytes(): Uint8Array<ArrayBuffer>
  /** The texts of an array of texts; undefined for others. */
  texts(): AttributeTexts
}

export const isDataset = (messages: readonly Message[]): boolean => messages.some(({ type }) => type === MESSAGE.layout)

export function readDataset(file: Hdf5Bytes, messages: readonly Message[], name: string): Hdf5Dataset {
  const find = (type: number): Message | undefined => messages.find((message) => message.type === type)
  const [space, element, layout] = [find(MESSAGE.dataspace), find(MESSAGE.datatype), find(MESSAGE.layout)]
  if (space === undefined || element === undefined || layout === undefined) throw file.damaged(UNDEFINED, `array '${name}'`)
  if (find(MESSAGE.externalFiles) !== undefined)
    throw file.refused(`keeps array '${name}' in another file, which is not opened`, 'save the model again with Keras')
  const shape = readDataspace(file, space.at)
  const type = readDatatype(file, element.at)
  const array = { name, shape, type, sizeBytes: elementCount(shape) * type.sizeBytes }
  const filters = find(MESSAGE.filters)
  const bytes = () => {
    file.spend(array.sizeBytes, `array '${name}'`)
    return readLayout(file, array, layout.at, filters?.at)
  }
  return {
    type,
    shape,
    attributes: readAttributes(file, messages),
    bytes,
    texts: () => {
      const content = bytes()
      if (content.buffer !== file.bytes.buffer) return undefined
      return readTexts(file, { type, count: elementCount(shape), at: content.byteOffset - file.bytes.byteOffset })
    },
  }
}

interface ArrayParts {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: Datatype
  readonly sizeBytes: number
}

function readLayout(file: Hdf5Bytes, array: ArrayParts, at: number, filters: number | undefined): Uint8Array<ArrayBuffer> {
  const { name, sizeBytes } = array
  const [version, form] = [file.u8(at), file.u8(at + 1)]
  if (version !== 3 && version !== 4) throw file.refused(`has array '${name}' in a form of old HDF5`, 'save it with h5py')
  if (form === 0) {
    if (file.u16(at + 2) < sizeBytes) throw file.damaged(at, `array '${name}' is shorter than its shape`)
    return file.slice(at + 4, sizeBytes)
  }
  if (form === 1) {
    const [from, length] = [file.u64(at + 2), file.u64(at + 10)]
    if (sizeBytes === 0) return new Uint8Array(0)
    if (from === UNDEFINED || length < sizeBytes) throw file.damaged(at, `array '${name}' is shorter than its shape`)
    return file.slice(from, sizeBytes)
  }
  if (form === 2 && version === 3) return readChunks(file, array, at, filters)
  const what = form === 2 ? 'in chunks of a newer HDF5' : form === 3 ? 'as a view of other files (virtual)' : 'in an unknown form'
  throw file.refused(`has array '${name}' ${what}`, 'save the model again with Keras')
}

/** Pieces of one size, each filtered, found by a B-tree; those at the end reach beyond the array. */
function readChunks(file: Hdf5Bytes, array: ArrayParts, at: number, filtersAt: number | undefined): Uint8Array<ArrayBuffer> {
  const { name, shape, type, sizeBytes } = array
  const rank = shape.length
  if (file.u8(at + 2) !== rank + 1 || rank === 0) throw file.damaged(at, `chunks of array '${name}'`)
  const chunk = shape.map((_, axis) => file.u32(at + 11 + 4 * axis))
  const chunkBytes = elementCount(chunk) * type.sizeBytes
  const filters = filtersAt === undefined ? [] : readFilters(file, filtersAt, name)
  const result = new Uint8Array(sizeBytes)
  let copied = 0
  for (const leaf of leavesOf(file, file.u64(at + 3), { type: 1, keyBytes: () => 8 + 8 * (rank + 1) })) {
    const [storedBytes, mask] = [file.u32(leaf.key), file.u32(leaf.key + 4)]
    const start = shape.map((_, axis) => file.u64(leaf.key + 8 + 8 * axis))
    if (chunkBytes === 0 || chunkBytes > Math.max(1032 * storedBytes, 65536)) throw file.damaged(leaf.at, `array '${name}'`)
    const stored = file.slice(leaf.at, storedBytes)
    const content = applyFilters(file, stored, { filters, mask, sizeBytes: chunkBytes, elementBytes: type.sizeBytes, name })
    if (content.byteLength < chunkBytes) throw file.damaged(leaf.at, `a piece of array '${name}' is too short`)
    const placed = place(content, { chunk, start }, result, { shape, elementBytes: type.sizeBytes })
    file.spend(chunkBytes - placed * type.sizeBytes, `array '${name}'`)
    copied += placed
    if (copied > elementCount(shape)) throw file.damaged(leaf.at, `array '${name}' has too many pieces`)
  }
  if (copied !== elementCount(shape)) throw file.damaged(at, `array '${name}' has gaps`)
  return result
}

/** Copies a chunk row by row to its place; the number of elements that are inside. */
function place(
  content: Uint8Array,
  { chunk, start }: { readonly chunk: readonly number[]; readonly start: readonly number[] },
  result: Uint8Array,
  { shape, elementBytes }: { readonly shape: readonly number[]; readonly elementBytes: number },
): number {
  const inside = shape.map((size, axis) => Math.max(0, Math.min(chunk[axis]!, size - start[axis]!)))
  const last = shape.length - 1
  const row = inside[last]!
  const rows = elementCount(inside.slice(0, last))
  if (row === 0 || rows === 0) return 0
  const index = inside.slice(0, last).map(() => 0)
  for (let k = 0; k < rows; k++) {
    let [from, to] = [0, 0]
    for (let axis = 0; axis <= last; axis++) {
      from = from * chunk[axis]! + (index[axis] ?? 0)
      to = to * shape[axis]! + start[axis]! + (index[axis] ?? 0)
    }
    result.set(content.subarray(from * elementBytes, (from + row) * elementBytes), to * elementBytes)
    for (let axis = last - 1; axis >= 0 && ++index[axis]! === inside[axis]; axis--) index[axis] = 0
  }
  return rows * row
}
