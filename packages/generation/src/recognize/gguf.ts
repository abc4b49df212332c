// GGUF: what llama.cpp reads. A header of metadata and of tensors, then their bytes: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
// A stranger's file: no count or length in it is believed before as many bytes are there.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { WeightSource } from '@whyslow/graph/model.ts'
import { type GgmlType, ggmlType } from './ggml-types.ts'

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[] | ArrayLike<number>

export interface GgufTensor {
  readonly name: string
  /** The first dimension is the innermost, of one row. */
  readonly shape: readonly number[]
  readonly type: GgmlType
  readonly elements: number
  readonly sizeBytes: number
}

export interface Gguf {
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: readonly GgufTensor[]
}

/** Vocabularies of 260,000 words with their merges take 15 MB; a header beyond this is none. */
const HEADER_LIMIT_BYTES = 512 * 2 ** 20
/** The largest vocabularies have 260,000 words and twice as many merges. */
const MOST_ITEMS = 2 ** 22
const UTF8 = new TextDecoder()
const CHUNK_BYTES = 2 ** 20
const DEEPEST = 4
const MOST_DIMENSIONS = 4

/** Throws InputError, one line that begins with `file`, if the bytes are not GGUF, are of a version that is not read, cut off or damaged. */
export function readGguf(source: WeightSource, file: string): Gguf {
  const reader = headerReader(source, file)
  if (reader.text(4, 'its signature') !== 'GGUF') reader.fail('is not a GGUF file; give a model that llama.cpp reads')
  const version = reader.u32('its version')
  if (version === 0x02000000 || version === 0x03000000)
    reader.fail('is GGUF of a big-endian machine; convert it with gguf-py: gguf_convert_endian.py')
  if (version !== 2 && version !== 3)
    reader.fail(`is GGUF of version ${version}, and versions 2 and 3 are read; convert the model again`)
  const tensorCount = reader.count('its count of tensors', 24)
  const entryCount = reader.count('its count of metadata entries', 13)
  const metadata = new Map<string, GgufValue>()
  for (let k = 0; k < entryCount; k++) {
    const key = reader.string('a metadata key')
    metadata.set(key, readValue(reader, reader.u32(key), { key, depth: 0 }))
  }
  const tensors: GgufTensor[] = []
  const places: number[] = []
  for (let k = 0; k < tensorCount; k++) {
    const { tensor, offset } = readTensor(reader)
    tensors.push(tensor)
    places.push(offset)
  }
  checkPlaces(reader, { metadata, tensors, places })
  return { version, metadata, tensors }
}

type Reader = ReturnType<typeof headerReader>

function readTensor(reader: Reader): { readonly tensor: GgufTensor; readonly offset: number } {
  const name = reader.string('a tensor name')
  const rank = reader.u32(`the rank of ${name}`)
  if (rank > MOST_DIMENSIONS) reader.fail(`is damaged: tensor ${name} has ${rank} dimensions; download it again`)
  const shape = Array.from({ length: rank }, () => reader.u64(`the shape of ${name}`))
  const number = reader.u32(`the type of ${name}`)
  const offset = reader.u64(`the place of ${name}`)
  const type = ggmlType(number)
  if (type === undefined) return reader.fail(`has tensor ${name} of ggml type ${number}, which is not known; update whyslow`)
  const elements = shape.reduce((product, size) => product * size, 1)
  const whole = Number.isSafeInteger(elements) && (shape[0] ?? 1) % type.block === 0
  if (!whole) reader.fail(`is damaged: tensor ${name} of shape ${shape.join('x')} is not a whole number of ${type.name} blocks`)
  return { tensor: { name, shape, type, elements, sizeBytes: (elements / type.block) * type.bytes }, offset }
}

interface Placed {
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: readonly GgufTensor[]
  readonly places: readonly number[]
}

/** Every tensor's bytes are in the file. */
function checkPlaces(reader: Reader, { metadata, tensors, places }: Placed): void {
  const given = metadata.get('general.alignment')
  const alignment = typeof given === 'number' && given > 0 && given <= 2 ** 20 ? given : 32
  const start = Math.ceil(reader.at() / alignment) * alignment
  for (const [k, { name, sizeBytes }] of tensors.entries()) {
    const end = start + places[k]! + sizeBytes
    if (end > reader.sizeBytes)
      reader.fail(`is cut off: tensor ${name} ends at byte ${end}, and the file has ${reader.sizeBytes}; download it again`)
  }
}

const NUMBERS: Readonly<
  Record<number, { readonly bytes: number; readonly read: (view: DataView, at: number) => number | bigint | boolean }>
> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  10: { bytes: 8, read: (view, at) => safe(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => safe(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
}

const STRING = 8
const ARRAY = 9

const safe = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value)

function readValue(reader: Reader, type: number, { key, depth }: { readonly key: string; readonly depth: number }): GgufValue {
  if (type === STRING) return reader.string(key)
  const number = NUMBERS[type]
  if (number !== undefined) return number.read(reader.view(number.bytes, key), 0)
  if (type !== ARRAY || depth >= DEEPEST)
    return reader.fail(`is damaged: metadata ${key} has the unknown type ${type}; download it again`)
  const itemType = reader.u32(key)
  const item = NUMBERS[itemType]
  const count = reader.count(key, item?.bytes ?? (itemType === ARRAY ? 12 : 8))
  if (item === undefined) return Array.from({ length: count }, () => readValue(reader, itemType, { key, depth: depth + 1 }))
  const view = reader.view(count * item.bytes, key)
  return Array.from({ length: count }, (_, k) => item.read(view, k * item.bytes))
}

/** Reads on from the start of the file, in chunks. What is not there fails with one line. */
function headerReader(source: WeightSource, file: string) {
  const { sizeBytes } = source
  let at = 0
  let from = 0
  let chunk = new Uint8Array(0)
  const fail = (what: string): never => {
    throw new InputError(`${file} ${what}`)
  }
  const take = (bytes: number, what: string): DataView => {
    if (at + bytes > sizeBytes || at + bytes > HEADER_LIMIT_BYTES)
      fail(`is cut off or damaged: ${what} would end at byte ${at + bytes} of ${sizeBytes}; download it again`)
    if (at + bytes > from + chunk.byteLength) {
      from = at
      chunk = new Uint8Array(source.read(at, Math.min(Math.max(CHUNK_BYTES, bytes), sizeBytes - at)))
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset + at - from, bytes)
    at += bytes
    return view
  }
  const u64 = (what: string): number => {
    const value = Number(take(8, what).getBigUint64(0, true))
    return Number.isSafeInteger(value) ? value : fail(`is damaged: ${what} is ${value}; download it again`)
  }
  const text = (bytes: number, what: string): string => {
    const view = take(bytes, what)
    return UTF8.decode(new Uint8Array(view.buffer, view.byteOffset, bytes))
  }
  return {
    sizeBytes,
    fail,
    u64,
    text,
    at: () => at,
    view: take,
    u32: (what: string) => take(4, what).getUint32(0, true),
    /** A count of things that take at least `least` bytes each. */
    count(what: string, least: number): number {
      const value = u64(what)
      if (value > MOST_ITEMS || value * least > sizeBytes - at)
        fail(`is cut off or damaged: ${what} says ${value} items, more than there can be; download it again`)
      return value
    },
    string: (what: string): string => text(u64(what), what),
  }
}
