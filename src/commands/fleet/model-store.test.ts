import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bound, fetchInto, keep, setOut } from './model-store.ts'

let root = ''
let store = ''
let cache = ''
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'whyslow-store-'))
  store = path.join(root, 'store')
  cache = path.join(root, 'cache')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const written = (name: string, text: string) => {
  const file = path.join(root, name)
  writeFileSync(file, text)
  return file
}
const filesIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()) : []

describe('the store', () => {
  test('keeps a file once, and sets it out under its name', async () => {
    const [a, b] = [await keep(store, written('a.onnx', 'model')), await keep(store, written('b.onnx', 'model'))]
    expect([a.sha256 === b.sha256, filesIn(store).length]).toEqual([true, 1])
    const file = await setOut(path.join(root, 'out'), cache, store, [a])
    expect([path.basename(file), readFileSync(file, 'utf8')]).toEqual(['a.onnx', 'model'])
  })

  test('a file that is absent, cut or another is refused, and nothing of it stays', async () => {
    const stored = await keep(store, written('a.onnx', 'model'))
    await expect(fetchInto(cache, store, { ...stored, sha256: 'ab'.repeat(32) })).rejects.toThrow(/a\.onnx \(abab\w+\) is not in/)
    await expect(fetchInto(cache, store, { ...stored, sizeBytes: 4 })).rejects.toThrow(/has 5 bytes in .*, and not 4/)
    const [own] = filesIn(store)
    writeFileSync(path.join(own!.parentPath, own!.name), 'MODEL')
    await expect(fetchInto(cache, store, stored)).rejects.toThrow(/is not what its name says/)
    expect(filesIn(cache)).toEqual([])
  })

  test('the cache forgets what was used longest ago', async () => {
    const stored = []
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      const one = await keep(store, written(name, name.repeat(10)))
      const own = await fetchInto(cache, store, one)
      utimesSync(own, i, i)
      stored.push({ one, own })
    }
    bound(cache, 20)
    expect(stored.map(({ own }) => existsSync(own))).toEqual([false, true, true])
    expect(readFileSync(await fetchInto(cache, store, stored[0]!.one), 'utf8')).toBe('aaaaaaaaaa')
  })
})
