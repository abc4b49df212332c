import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiLoader, findKoffi, loadKoffi } from './koffi.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-koffi-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** ELF's number of the machine: x64 62, arm64 183. */
function libraryFor(machine: number): string {
  const head = Buffer.alloc(64)
  head.write('\x7fELF', 'latin1')
  head.writeUInt16LE(machine, 18)
  const file = path.join(folder, `for-${machine}.so`)
  fs.writeFileSync(file, head)
  return file
}

test('a library for another machine is called so, instead of absent, and is not opened', async () => {
  const opened: string[] = []
  const load = apiLoader((_, file) => opened.push(file), loadKoffi)
  const [own, other] = process.arch === 'arm64' ? [183, 62] : [62, 183]
  await expect(load(libraryFor(other))).rejects.toThrow(/^it is for (arm64|x64), and this Node for (arm64|x64)$/)
  await load(libraryFor(own))
  expect(opened.map((file) => path.basename(file))).toEqual([`for-${own}.so`])
})

test('koffi is that of the folder that is named', async () => {
  const own = path.join(folder, 'node_modules', 'koffi')
  fs.mkdirSync(own, { recursive: true })
  fs.writeFileSync(path.join(own, 'package.json'), '{"name":"koffi","version":"1.2.3","main":"index.cjs"}')
  fs.writeFileSync(path.join(own, 'index.cjs'), 'module.exports = { load: () => 0, version: "own" }')
  expect(findKoffi(folder)?.version).toBe('1.2.3')
  const load = apiLoader((koffi) => koffi.version, loadKoffi)
  expect(await load(libraryFor(process.arch === 'arm64' ? 183 : 62), folder)).toBe('own')
})
