import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UNIX } from '../../../../test/needs.ts'
import { hashOfFile, makeTemporaryFolder, markUnfinished, removeRun, TEMPORARY_VARIABLE, writeWhole } from './files.ts'

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

test.runIf(process.platform !== 'win32')('with the permissions asked for', UNIX, () => {
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

test('what a killed run left goes: its temporary folders, and what it had not finished', () => {
  const run = join(folder, 'whyslow-run')
  vi.stubEnv(TEMPORARY_VARIABLE, run)
  try {
    writeFileSync(join(makeTemporaryFolder('whyslow-'), 'a'), '')
    expect(makeTemporaryFolder('whyslow-trial-')).toMatch(/\/whyslow-run\/trial-.{6}$/)
    expect(statSync(run).mode & 0o777).toBe(0o700)
    const [half, done] = [join(folder, 'fast.tmp'), join(folder, 'done')]
    const finished = markUnfinished(done)
    writeFileSync(done, '')
    finished()
    markUnfinished(half)
    mkdirSync(half)
    writeFileSync(join(half, 'model.onnx'), '')
    writeWhole(join(folder, 'a.json'), '{}')
    removeRun(run)
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'done'])
  } finally {
    vi.unstubAllEnvs()
  }
})

test.skipIf(process.platform === 'win32')('a file of another one under the name of the folder of a run is refused', UNIX, () => {
  vi.stubEnv(TEMPORARY_VARIABLE, join(folder, 'taken'))
  writeFileSync(join(folder, 'taken'), '')
  expect(() => makeTemporaryFolder('whyslow-')).toThrow(/EEXIST/)
  vi.unstubAllEnvs()
})
