import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { folderStore } from './file-store.ts'
import { keep, setOut } from './model-store.ts'
import { createRunningFolder, sweepRunning } from './running-folder.ts'

const cache = mkdtempSync(path.join(tmpdir(), 'whyslow-running-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

test('what a killed agent left is taken away, and what others use stays', () => {
  const own = createRunningFolder(cache)
  const { pid: gone } = spawnSync(process.execPath, ['-e', ''])
  const here = hostname().replace(/[^\w.-]/g, '_')
  const names = [`${here}~${gone}~abcdef`, `another-host~${gone}~abcdef`, 'of-someone-else']
  for (const name of names) {
    mkdirSync(path.join(cache, 'running', name))
    writeFileSync(path.join(cache, 'running', name, 'model.onnx'), 'model')
  }
  sweepRunning(cache)
  expect(readdirSync(path.join(cache, 'running')).sort()).toEqual([path.basename(own), names[1], names[2]].sort())
})

test('files stand there as links into the cache, and not as copies', async () => {
  const store = folderStore(path.join(cache, 'store'))
  const file = path.join(cache, 'a.onnx')
  writeFileSync(file, 'model')
  const out = await setOut(path.join(createRunningFolder(cache), 'model'), [await keep(store, file)], {
    store,
    cache,
    mostBytes: 1000,
  })
  expect(statSync(out).nlink).toBe(2)
})
