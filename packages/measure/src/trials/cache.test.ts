import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { recordedSystem } from '../../test/support/recorded-system.ts'
import { readMachine } from '../machine/index.ts'
import { type CacheKey, readCached, writeCached } from './cache.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-cache-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const machine = readMachine([], recordedSystem('linux', { '/sys/devices/system/cpu/online': '0-1' }))
const key: CacheKey = { kind: 'roofs', machine, engine: 'ort-cpu', engineVersion: '1.30.0', nodeVersion: '20', threads: 2 }
const roofs = { float32: 1e11, levels: { L1: null } }

test('what is written is read again, under the same key only', () => {
  const options = { mode: 'use', folder } as const
  expect(readCached(key, options)).toEqual({ value: undefined, writtenAt: null, warning: null })
  expect(writeCached(key, roofs, options)).toBeNull()
  expect(readCached(key, options)).toMatchObject({ value: roofs, warning: null })
  const others: CacheKey[] = [
    { ...key, threads: 1 },
    { ...key, threads: null },
    { ...key, engineVersion: '1.30.1' },
    { ...key, nodeVersion: '22' },
    { ...key, kind: 'profiler-cost' },
    { ...key, machine: { ...machine, quotaCpus: 0.5 } },
    { ...key, machine: { ...machine, isa: ['avx2'] } },
    { ...key, machine: { ...machine, os: 'Linux 7' } },
  ]
  for (const other of others) expect(readCached(other, options).value).toBeUndefined()
  // What varies by itself or does not matter to speed leaves the key alone.
  expect(readCached({ ...key, machine: { ...machine, unknown: ['x'], memoryBytes: 1 } }, options).value).toEqual(roofs)
  expect(readdirSync(folder)).toHaveLength(1)
})

test('refresh writes without reading, no-cache does neither', () => {
  expect(writeCached(key, roofs, { mode: 'no-cache', folder })).toBeNull()
  expect(readdirSync(folder)).toEqual([])
  writeCached(key, roofs, { mode: 'refresh', folder })
  expect(readdirSync(folder)).toHaveLength(1)
  expect(readCached(key, { mode: 'refresh', folder }).value).toBeUndefined()
  expect(readCached(key, { mode: 'no-cache', folder }).value).toBeUndefined()
  expect(readCached(key, { mode: 'use', folder }).value).toEqual(roofs)
})

test.each(['', '{', 'null', '{"value":1}', '[]'])('a damaged file (%s) is a warning that names it', (text) => {
  const options = { mode: 'use', folder } as const
  writeCached(key, roofs, options)
  const file = join(folder, readdirSync(folder)[0]!)
  writeFileSync(file, text)
  const read = readCached(key, options)
  expect(read.value).toBeUndefined()
  expect(read.warning).toContain(file)
})

test('a folder that cannot be written is a warning, and leaves nothing', () => {
  const blocked = join(folder, 'a-file')
  writeFileSync(blocked, '')
  expect(writeCached(key, roofs, { mode: 'use', folder: blocked })).toContain('measures them again')
  expect(readCached(key, { mode: 'use', folder: blocked }).warning).toContain('ENOTDIR')
  expect(readdirSync(folder)).toEqual(['a-file'])
})
