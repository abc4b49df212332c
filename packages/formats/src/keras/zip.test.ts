import { InputError } from '@whyslow/graph/input-error.ts'
import { strFromU8, strToU8, zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { openArchive } from './zip.ts'

const zip = (members: Record<string, Uint8Array>, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> =>
  new Uint8Array(zipSync(members, { level }))

/** The archive with every occurrence of some letters replaced by as many others. */
function replaced(bytes: Uint8Array<ArrayBuffer>, from: string, to: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1'))
}

describe('an archive', () => {
  test('gives members by name, stored ones as views', () => {
    const stored = zip({ 'config.json': strToU8('{}') }, 0)
    expect(openArchive(stored, 'a').read('config.json')!.buffer).toBe(stored.buffer)
    const packed = openArchive(zip({ 'config.json': strToU8('{"a": 1}'), b: strToU8('x') }), 'a')
    expect([...packed.members.keys()]).toEqual(['config.json', 'b'])
    expect(strFromU8(packed.read('config.json')!)).toBe('{"a": 1}')
    expect(packed.read('c')).toBeUndefined()
  })

  test.each([
    ['that grows a thousandfold', zip({ bomb: new Uint8Array(4_000_000) }), /would grow to 4000000 bytes/],
    ['with two members of one name', replaced(zip({ aa: strToU8('x'), ab: strToU8('y') }), 'ab', 'aa'), /has two members 'aa'/],
    ['with a path upwards', zip({ '../x': strToU8('x') }), /names a path outside/],
    ['with a path from the root', zip({ '/x': strToU8('x') }), /names a path outside/],
    ['cut off', zip({ aa: strToU8('x') }).slice(0, 30), /damaged or no zip \(no directory/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => openArchive(bytes, 'm.keras')).toThrow(message)
    expect(() => openArchive(bytes, 'm.keras')).toThrow(InputError)
  })

  test('says damage where a member is read', () => {
    const bytes = zip({ aa: strToU8('abcabcabcabcabcabcabc') })
    // Bytes of the member itself, behind its head of 30 bytes and its name.
    bytes.fill(0xff, 32, 36)
    expect(() => openArchive(bytes, 'm.keras').read('aa')).toThrow(InputError)
  })
})
