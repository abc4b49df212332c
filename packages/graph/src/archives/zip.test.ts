import { strToU8, type Zippable, zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { InputError } from '../input-error.ts'
import { openZip } from './zip.ts'

const open = (bytes: Uint8Array) => openZip(new Uint8Array(bytes), { where: 'm.zip', again: 'save it again' })
const zip = (members: Zippable, level: 0 | 6 = 6) => Buffer.from(zipSync(members, { level }))
const CENTRAL = 0x02014b50

/** The first entry of the archive's directory, which `change` is given at its place. */
function withEntry(archive: Buffer, change: (archive: Buffer, at: number) => void): Buffer {
  let at = archive.byteLength - 46
  while (archive.readUInt32LE(at) !== CENTRAL) at--
  change(archive, at)
  return archive
}

const letters = strToU8('abcabcabcabcabcabcabc')

describe('an archive', () => {
  test('gives sizes and members, whatever their names are', () => {
    const { members, read } = open(zip({ '/a/../b': letters, constructor: letters, é: letters }))
    expect([...members]).toEqual(['/a/../b', 'constructor', 'é'].map((name) => [name, { packedBytes: 6, sizeBytes: 21 }]))
    for (const name of members.keys()) expect(read(name)).toEqual(letters)
    expect(read('/a/')).toBeUndefined()
    expect(read('b')).toBeUndefined()
  })

  test('is read at its place in a larger buffer', () => {
    const bytes = zip({ a: letters }, 0)
    const wide = new Uint8Array(bytes.byteLength + 20)
    wide.set(bytes, 10)
    const archive = openZip(wide.subarray(10, 10 + bytes.byteLength), { where: 'm.zip', again: '' })
    expect(archive.read('a')).toEqual(letters)
    expect(archive.read('a')!.buffer).toBe(wide.buffer)
  })

  test('of nothing has no members', () => {
    expect(open(zip({})).members.size).toBe(0)
  })

  test.each<[string, () => Buffer, RegExp]>([
    [
      'no zip',
      () => Buffer.from('hello'),
      /^m\.zip: the archive is damaged or no zip \(no directory of members\); save it again$/,
    ],
    ['a cut directory', () => withEntry(zip({ a: letters }), (b, at) => b.writeUInt32LE(0, at)), /its directory of members/],
    [
      'encryption',
      () => withEntry(zip({ a: letters }), (b, at) => b.writeUInt16LE(1, at + 8)),
      /m\.zip is encrypted; save it again/,
    ],
    [
      'more than 4 GiB',
      () =>
        withEntry(zip({ a: letters, b: letters }), (b, at) => {
          b.writeUInt32LE(0xfffffff0, at + 24)
          b.writeUInt32LE(0xfffffff0, b.indexOf('PK\x01\x02', 0, 'latin1') + 24)
        }),
      /would grow to 8589934560 bytes when it is unpacked \('b'\)/,
    ],
    [
      'too many members',
      () => {
        const archive = zip({ a: letters })
        archive.writeUInt16LE(10_001, archive.byteLength - 22 + 8)
        archive.writeUInt16LE(10_001, archive.byteLength - 22 + 10)
        return archive
      },
      /m\.zip has 10001 members, more than 10000; save it again/,
    ],
    ['a long name', () => zip({ ['x'.repeat(1025)]: letters }), /names too long/],
    ['folders without end', () => zip({ ['x/'.repeat(500)]: letters, ...deep(20) }), /folders too deep/],
  ])('with %s is refused', (_, make, message) => {
    const bytes = make()
    expect(() => open(bytes)).toThrow(InputError)
    expect(() => open(bytes)).toThrow(message)
  })

  test.each<[string, Buffer, RegExp]>([
    ['grows beyond its size', withEntry(bomb(), (b, at) => b.writeUInt32LE(20, at + 24)), /'a' cannot be unpacked/],
    ['grows from nothing', withEntry(bomb(), (b, at) => b.writeUInt32LE(0, at + 24)), /'a' cannot be unpacked/],
    ['is shorter', withEntry(zip({ a: letters }), (b, at) => b.writeUInt32LE(22, at + 24)), /'a' has 21 bytes, not 22/],
    ['ends beyond the file', withEntry(zip({ a: letters }, 0), (b, at) => b.writeUInt32LE(1e6, at + 20)), /cannot be unpacked/],
    ['is not there', withEntry(zip({ a: letters }), (b, at) => b.writeUInt32LE(3, at + 42)), /cannot be unpacked/],
    ['is packed otherwise', withEntry(zip({ a: letters }), (b, at) => b.writeUInt16LE(12, at + 10)), /not read \(12\)/],
  ])('refuses a member that %s', (_, bytes, message) => {
    const archive = open(bytes)
    expect(() => archive.read('a')).toThrow(InputError)
    expect(() => archive.read('a')).toThrow(message)
  })

  test.each([0, 6] as const)('refuses a member of another checksum (level %i)', (level) => {
    const flipped = zip({ a: letters }, 0)
    flipped[flipped.indexOf('abcabc') + 3]! ^= 4
    const other = withEntry(zip({ a: letters }, level), (b, at) => b.writeUInt32LE(b.readUInt32LE(at + 16) ^ 1, at + 16))
    for (const bytes of [flipped, other]) {
      const archive = open(bytes)
      expect(() => archive.read('a')).toThrow(InputError)
      expect(() => archive.read('a')).toThrow(/the bytes of 'a' are not those that its checksum says/)
    }
  })

  test('refuses to unpack one member without end', () => {
    const archive = open(zip({ a: new Uint8Array(1 << 20) }))
    const readAll = () => {
      for (let k = 0; k < 100; k++) archive.read('a')
    }
    expect(readAll).toThrow(/^m\.zip names its members too often, last 'a'; save it again$/)
  })

  test('names the member that stands twice, in each archive its own', () => {
    for (const name of ['aa', 'bb']) {
      const bytes = Buffer.from(
        zip({ [name]: letters, zz: letters })
          .toString('latin1')
          .replaceAll('zz', name),
        'latin1',
      )
      expect(() => open(bytes)).toThrow(`m.zip has two members '${name}'; save it again`)
    }
  })

  test('with sizes of 64 bits is read', () => {
    const bytes = zip({ a: letters }, 0)
    const at = bytes.indexOf('PK\x01\x02', 0, 'latin1')
    const extra = Buffer.alloc(20)
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(16, 2)
    extra.writeBigUInt64LE(21n, 4)
    extra.writeBigUInt64LE(21n, 12)
    bytes.writeUInt32LE(0xffffffff, at + 20)
    bytes.writeUInt32LE(0xffffffff, at + 24)
    bytes.writeUInt16LE(20, at + 30)
    const wide = Buffer.concat([bytes.subarray(0, at + 47), extra, bytes.subarray(at + 47)])
    expect(open(wide).read('a')).toEqual(letters)
  })
})

/** A member that unpacks to a thousand times what it says. */
function bomb(): Buffer {
  return zip({ a: new Uint8Array(20_000) })
}

function deep(members: number): Zippable {
  return Object.fromEntries(Array.from({ length: members }, (_, k) => [`${k}/${'y/'.repeat(500)}z`, letters]))
}
