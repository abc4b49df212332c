import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSource } from './source.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-source-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

test('an archive that unpacks to hundreds of times its size is left', async () => {
  const file = path.join(folder, 'bomb.json.gz')
  // Members of an archive follow each other: 17 times 16 MB of blanks.
  const blanks = gzipSync(Buffer.alloc(16 * 2 ** 20, ' '), { level: 9 })
  fs.writeFileSync(file, Buffer.concat(Array<Buffer>(17).fill(blanks)))
  const source = await openSource(file)
  const all = async () => {
    for await (const piece of source.pieces(() => {})) expect(piece.length).toBeGreaterThan(0)
  }
  const refused = await all().catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(InputError)
  expect(refused).toMatchObject({ message: expect.stringContaining('unpacks to over 800 times its size') })
})
