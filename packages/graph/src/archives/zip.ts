// A zip archive, member by member, in memory: nothing is unpacked to disk. adm-zip reads it; what it would do without bound for a hostile
// file (a folder for each slash of a name) is refused where it first sees the name. Every member is checked against its checksum: a bit that
// flipped on a disk would be a wrong weight. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { crc32, inflateRawSync } from 'node:zlib'
import AdmZip from 'adm-zip'
import { InputError } from '../input-error.ts'

export interface Archive {
  readonly members: ReadonlyMap<string, Member>
  /** Stored members are views of the archive. Undefined if there is none. Throws InputError if it is damaged. */
  read(name: string): Uint8Array<ArrayBuffer> | undefined
}

export interface Member {
  readonly packedBytes: number
  /** As the directory says: no more than this is ever unpacked. */
  readonly sizeBytes: number
}

/** `where` begins each error; `again` is what to do: 'save it again with …'. */
export interface Words {
  readonly where: string
  readonly again: string
}

const LARGEST_BYTES = 4 * 2 ** 30
const MOST_MEMBERS = 10_000
const LONGEST_NAME = 1024
/** How often an archive is read as a whole: a description can name one member a million times. */
const MOST_READS = 16
const READ_AT_LEAST_BYTES = 1 << 20
const [STORED, DEFLATED] = [0, 8]

/** Throws InputError. Encryption, names that stand twice and what would grow beyond measure are refused before anything is unpacked. */
export function openZip(bytes: Uint8Array<ArrayBuffer>, words: Words): Archive {
  const refuse = (what: string) => new InputError(`${words.where} ${what}; ${words.again}`)
  const damaged = (what: string) => new InputError(`${words.where}: the archive is damaged or no zip (${what}); ${words.again}`)
  const entries = readDirectory(bytes, refuse, damaged)
  let total = 0
  for (const [name, { header }] of entries) {
    total += header.size
    if (header.encrypted) throw refuse('is encrypted')
    if (total > LARGEST_BYTES) throw refuse(`would grow to ${total} bytes when it is unpacked ('${name}')`)
  }
  let left = READ_AT_LEAST_BYTES + MOST_READS * total
  return {
    members: new Map(
      [...entries].map(([name, { header }]) => [name, { packedBytes: header.compressedSize, sizeBytes: header.size }]),
    ),
    read(name) {
      const entry = entries.get(name)
      if (entry === undefined) return undefined
      const { method, size, crc } = entry.header
      if (method !== STORED && method !== DEFLATED) throw refuse(`is packed in a way that is not read (${method})`)
      left -= size
      if (left < 0) throw refuse(`names its members too often, last '${name}'`)
      const content = orElse(
        () => {
          const packed = entry.getCompressedData()
          return method === STORED ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })
        },
        () => damaged(`'${name}' cannot be unpacked`),
      )
      if (content.byteLength !== size) throw damaged(`'${name}' has ${content.byteLength} bytes, not ${size}`)
      if (crc32(content) !== crc) throw damaged(`the bytes of '${name}' are not those that its checksum says`)
      return new Uint8Array(content.buffer as ArrayBuffer, content.byteOffset, content.byteLength)
    },
  }
}

type Refusal = (what: string) => InputError

function readDirectory(bytes: Uint8Array<ArrayBuffer>, refuse: Refusal, damaged: Refusal): ReadonlyMap<string, AdmZip.IZipEntry> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = { encode: (name: string) => Buffer.from(name), decode: nameReader(bytes.buffer, refuse) }
  const zip = orElse(
    () => new AdmZip(file, { noSort: true, decoder }),
    () => damaged('no directory of members'),
  )
  const count = zip.getEntryCount()
  if (count > MOST_MEMBERS) throw refuse(`has ${count} members, more than ${MOST_MEMBERS}`)
  const entries = orElse(
    () => zip.getEntries(),
    () => damaged('its directory of members'),
  )
  return new Map(entries.map((entry) => [entry.entryName, entry]))
}

/** Decodes names, each as often as it is requested, and refuses those that stand twice or would take too much memory. */
function nameReader(file: ArrayBuffer, refuse: Refusal): (bytes: Uint8Array) => string {
  const places = new Map<string, number>()
  let folders = 0
  return (bytes) => {
    const name = new TextDecoder().decode(bytes)
    const place = places.get(name)
    // Those of folders that only names of members speak of are adm-zip's own, and are elsewhere.
    if (place === bytes.byteOffset || bytes.buffer !== file) return name
    if (place !== undefined) throw refuse(`has two members '${name}'`)
    folders += name.split('/').length - 1
    if (name.length > LONGEST_NAME || folders > MOST_MEMBERS)
      throw refuse(`has names too long or folders too deep ('${name.slice(0, 40)}')`)
    places.set(name, bytes.byteOffset)
    return name
  }
}

function orElse<T>(read: () => T, error: () => InputError): T {
  try {
    return read()
  } catch (thrown) {
    throw thrown instanceof InputError ? thrown : error()
  }
}
