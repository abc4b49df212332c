import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FileStore, folderStore, storePath } from './file-store.ts'
import { fetchInto, keep, setOut, trimCache } from './model-store.ts'

let root = ''
let folder = ''
let store: FileStore
let cache = ''
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'whyslow-store-'))
  folder = path.join(root, 'store')
  store = folderStore(folder)
  cache = path.join(root, 'cache')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const written = (name: string, text: string) => {
  const file = path.join(root, name)
  writeFileSync(file, text)
  return file
}
const places = (mostBytes = 1000) => ({ store, cache, mostBytes })
const filesIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()) : []

describe('the store', () => {
  test('keeps a file once, and sets it out under its name', async () => {
    const [a, b] = [await keep(store, written('a.onnx', 'model')), await keep(store, written('b.onnx', 'model'))]
    expect([a.sha256 === b.sha256, filesIn(folder).length]).toEqual([true, 1])
    const file = await setOut(path.join(root, 'out'), [a], places())
    expect([path.basename(file), readFileSync(file, 'utf8')]).toEqual(['a.onnx', 'model'])
  })

  test('a file that is absent, cut or another is refused, and nothing of it stays', async () => {
    const stored = await keep(store, written('a.onnx', 'model'))
    await expect(fetchInto({ ...stored, sha256: 'ab'.repeat(32) }, places())).rejects.toThrow(/a\.onnx \(abab\w+\) is not in/)
    await expect(fetchInto({ ...stored, sizeBytes: 4 }, places())).rejects.toThrow(/has 5 bytes in .*, and not 4/)
    const [own] = filesIn(folder)
    writeFileSync(path.join(own!.parentPath, own!.name), 'MODEL')
    await expect(fetchInto(stored, places())).rejects.toThrow(/is not what its name says/)
    expect(filesIn(cache)).toEqual([])
  })

  test('a file of the right size that is another is replaced where it is kept again', async () => {
    const file = written('a.onnx', 'model')
    const stored = await keep(store, file)
    writeFileSync(path.join(folder, storePath(stored.sha256)), 'MODEL')
    await expect(fetchInto(stored, places())).rejects.toThrow(/is not what its name says/)
    await keep(store, file)
    expect(readFileSync(await fetchInto(stored, places()), 'utf8')).toBe('model')
  })

  test('what is cut in the cache comes again', async () => {
    const stored = await keep(store, written('a.onnx', 'model'))
    writeFileSync(await fetchInto(stored, places()), 'mo')
    expect(readFileSync(await fetchInto(stored, places()), 'utf8')).toBe('model')
    expect(filesIn(cache)).toHaveLength(1)
  })

  test('what was changed in the cache comes again', async () => {
    const stored = await keep(store, written('a.onnx', 'model'))
    writeFileSync(await fetchInto(stored, places()), 'MODEL')
    expect(readFileSync(await fetchInto(stored, places()), 'utf8')).toBe('model')
  })

  test('two files of one name are not written over each other, nor into the cache', async () => {
    const [a, b] = [await keep(store, written('a', 'aaaaa')), await keep(store, written('b', 'bbbbb'))]
    const named = [a, b].map((one) => ({ ...one, name: 'd.npz' }))
    await expect(setOut(path.join(root, 'out'), named, places())).rejects.toThrow(/EEXIST/)
    const cached = path.join(cache, storePath(a.sha256))
    expect(readFileSync(cached, 'utf8')).toBe('aaaaa')
  })

  test('the cache forgets what was used longest ago', async () => {
    const stored = []
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      const one = await keep(store, written(name, name.repeat(10)))
      const own = await fetchInto(one, places())
      utimesSync(own, i, i)
      stored.push({ one, own })
    }
    trimCache(cache, 20)
    expect(stored.map(({ own }) => existsSync(own))).toEqual([false, true, true])
    expect(readFileSync(await fetchInto(stored[0]!.one, places()), 'utf8')).toBe('aaaaaaaaaa')
  })

  test('the cache makes room before a file comes, and takes none that is larger than it', async () => {
    const [a, b] = [await keep(store, written('a', 'a'.repeat(10))), await keep(store, written('b', 'b'.repeat(10)))]
    await fetchInto(a, places(15))
    await fetchInto(b, places(15))
    expect(filesIn(cache).map(({ name }) => name)).toEqual([b.sha256])
    await expect(setOut(path.join(root, 'out'), [a, b], places(15))).rejects.toThrow(
      /a has 20 B, and an agent keeps 15 B at most/,
    )
    expect(existsSync(path.join(root, 'out'))).toBe(false)
  })
})
