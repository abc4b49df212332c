import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hashOfFile, writeWhole } from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-whyslow-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a file is replaced as a whole, and nothing is left beside it', () => {
  const file = join(folder, 'a.json')
  writeWhole(file, 'old')
  writeWhole(file, Uint8Array.of(110, 101, 119))
  expect(readFileSync(file, 'utf8')).toBe('new')
  expect(readdirSync(folder)).toEqual(['a.json'])
})

test.runIf(process.platform !== 'win32')('with the permissions asked for', () => {
  const file = join(folder, 'a.json')
  writeFileSync(file, '')
  chmodSync(file, 0o600)
  writeWhole(file, 'new', statSync(file).mode)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('where it cannot be put in place, what was there stays and nothing is left beside it', () => {
  mkdirSync(join(folder, 'taken', 'full'), { recursive: true })
  expect(() => writeWhole(join(folder, 'taken'), 'text')).toThrow()
  expect(readdirSync(folder)).toEqual(['taken'])
  expect(() => writeWhole(join(folder, 'absent', 'a.json'), 'text')).toThrow(/ENOENT/)
})

// The digest of 'abc' is the example of FIPS 180-2.
test('the hash of a file is that of its bytes', async () => {
  writeFileSync(join(folder, 'abc'), 'abc')
  expect(await hashOfFile(join(folder, 'abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  await expect(hashOfFile(join(folder, 'absent'))).rejects.toThrow(/ENOENT/)
})
