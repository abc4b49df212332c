import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from './serve.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-serve-test-'))
  fs.writeFileSync(path.join(folder, 'package.json'), '{"dependencies":{"no-such-engine":"1"}}')
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const manifest = (text: string) => fs.writeFileSync(path.join(folder, 'manifest.json'), text)
const GOOD = '{"schema":"whyslow-folder/1","model":"model.onnx","inputs":[],"outputs":[]}'

test.each([
  ['a manifest of something else', '{"schema":"app/1"}', {}, /its manifest.json is not one that whyslow fix wrote/],
  ['a manifest that is not valid JSON', '{', {}, /its manifest.json is not one that whyslow fix wrote/],
  ['an engine', GOOD, { engine: 'ort-cpu' }, /--engine ort-cpu: .* has its own engine/],
  ['threads', GOOD, { threads: 2 }, /--threads 2: .* has its own engine/],
  ['a package that is not installed', GOOD, {}, /finds no no-such-engine; run npm install --prefix/],
])('a folder is refused for %s', async (_, text, told, message) => {
  manifest(text)
  await expect(serve(folder, { ...told, folder })).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(message),
  })
})

test.each(['a/b', ''])("--name '%s' is refused: no request could name it", async (name) => {
  manifest(GOOD)
  fs.writeFileSync(path.join(folder, 'package.json'), '{}')
  await expect(serve(folder, { name, folder })).rejects.toMatchObject({ message: expect.stringMatching(/has no slash/) })
})
