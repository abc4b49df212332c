// Attributes of an object: small texts and numbers by name. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (IV.A.2.m, III.E)
import { elementCount } from '@whyslow/graph/dtype.ts'
import { type Datatype, readDataspace, readDatatype } from './datatype.ts'
import { readHeapObjects } from './fractal-heap.ts'
import { type Hdf5Bytes, UNDEFINED } from './hdf5-bytes.ts'
import { MESSAGE, type Message } from './object-header.ts'

/** Texts in order of an attribute of texts: one, or a list; undefined: it holds numbers or what is not read here. */
export type AttributeTexts = readonly string[] | undefined

/** Where the content of an attribute is. */
type Place = Pick<Message, 'at' | 'sizeBytes'>

export function readAttributes(file: Hdf5Bytes, messages: readonly Message[]): Map<string, AttributeTexts> {
  const attributes = new Map<string, AttributeTexts>()
  for (const message of messages) {
    const { type, at } = message
    if (type === MESSAGE.attribute) readAttribute(file, message, attributes)
    if (type === MESSAGE.attributeInfo) {
      const heap = at + 2 + ((file.u8(at + 1) & 1) !== 0 ? 2 : 0)
      for (const object of readHeapObjects(file, file.u64(heap), file.u64(heap + 8))) readAttribute(file, object, attributes)
    }
  }
  return attributes
}

function readAttribute(file: Hdf5Bytes, { at, sizeBytes }: Place, attributes: Map<string, AttributeTexts>): void {
  const [version, flags] = [file.u8(at), file.u8(at + 1)]
  if (version < 1 || version > 3) throw file.damaged(at, 'an unknown kind of attribute')
  const [nameBytes, typeBytes, spaceBytes] = [file.u16(at + 2), file.u16(at + 4), file.u16(at + 6)]
  const padded = (sizeBytes: number): number => (version === 1 ? Math.ceil(sizeBytes / 8) * 8 : sizeBytes)
  const nameAt = at + (version === 3 ? 9 : 8)
  const typeAt = nameAt + padded(nameBytes)
  const spaceAt = typeAt + padded(typeBytes)
  file.spend(nameBytes, 'an attribute', 1)
  const name = untilNul(file.slice(nameAt, nameBytes))
  // Libraries take the first or the last, as they like.
  if (attributes.has(name)) throw file.refused(`has two attributes called '${name}'`, 'save it again')
  // Types that are elsewhere in the file belong to no attribute that Keras writes.
  if (version > 1 && (flags & 3) !== 0) return void attributes.set(name, undefined)
  const type = readDatatype(file, typeAt)
  const count = elementCount(readDataspace(file, spaceAt))
  const contentAt = spaceAt + padded(spaceBytes)
  if (isText(type) && !(contentAt + count * type.sizeBytes <= at + sizeBytes))
    throw file.damaged(at, 'an attribute longer than its message')
  attributes.set(name, readTexts(file, { type, count, at: contentAt }))
}

interface Elements {
  readonly type: Datatype
  readonly count: number
  readonly at: number
}

const isText = ({ kind }: Datatype): boolean => kind === 'text' || kind === 'long-text'

/** Texts that follow each other; undefined if they are not texts. */
export function readTexts(file: Hdf5Bytes, { type, count, at }: Elements): AttributeTexts {
  if (!isText(type)) return undefined
  file.slice(at, count * type.sizeBytes)
  file.spend(0, 'a list of texts', type.sizeBytes === 0 ? 0 : count)
  return Array.from({ length: type.sizeBytes === 0 ? 0 : count }, (_, k) => {
    const here = at + k * type.sizeBytes
    const bytes = type.kind === 'text' ? file.slice(here, type.sizeBytes) : longText(file, here)
    file.spend(bytes.byteLength, 'a text')
    return untilNul(bytes)
  })
}

/** A text in the global heap: its length, the heap's address, and which object of the heap. */
function longText(file: Hdf5Bytes, at: number): Uint8Array {
  const [sizeBytes, heap, wanted] = [file.u32(at), file.u64(at + 4), file.u32(at + 12)]
  if (sizeBytes === 0 || heap === UNDEFINED || heap === 0) return new Uint8Array(0)
  const found = file.once(heap, () => readTextHeap(file, heap)).get(wanted)
  if (found === undefined || found.sizeBytes < sizeBytes) throw file.damaged(at, 'a text that is nowhere')
  return file.slice(found.at, sizeBytes)
}

/** Objects of a global heap by their index. */
function readTextHeap(file: Hdf5Bytes, heap: number): ReadonlyMap<number, Place> {
  file.signature(heap, 'GCOL')
  const objects = new Map<number, Place>()
  const end = heap + file.u64(heap + 8)
  for (let object = heap + 16; object + 16 <= end; ) {
    const [index, length] = [file.u16(object), file.u64(object + 8)]
    if (index === 0) break
    file.spend(0, 'a heap of texts', 1)
    if (!objects.has(index)) objects.set(index, { at: object + 16, sizeBytes: length })
    object += 16 + Math.ceil(length / 8) * 8
  }
  return objects
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

const decoder = new TextDecoder()
