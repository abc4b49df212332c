import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { model, modelInMemory, node, valueInfo } from '../../graph/build.ts'
import { loadSimplify } from './simplify.ts'

const proto = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2])],
  outputs: [valueInfo('y', 'float32', [2])],
})
const given = modelInMemory(proto)

/** Packages of these names with nothing but an entry, in a folder of their own. */
function install(folder: string, body: string): string {
  const write = (name: string, text: string) => {
    const at = path.join(folder, 'node_modules', name)
    fs.mkdirSync(at, { recursive: true })
    fs.writeFileSync(
      path.join(at, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: { '.': { import: './index.mjs' } } }),
    )
    fs.writeFileSync(path.join(at, 'index.mjs'), text)
  }
  write('onnxruntime-web', 'export const env = { wasm: {} }')
  write('onnxsim', `import { env } from 'onnxruntime-web'\nexport async function simplify(bytes) { ${body} }`)
  return folder
}

describe('loadSimplify', () => {
  let root = ''
  beforeAll(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-test-'))
  })
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }))
  const folder = (name: string) => path.join(root, name)
  const rejects = async (name: string, body: string, limitMs?: number) => {
    const simplify = await loadSimplify(install(folder(name), body), limitMs)
    return expect(simplify!(given)).rejects
  }

  test('gives what the package makes of the model, on one thread, with nothing printed', async () => {
    const body = "if (env.wasm.numThreads !== 1) throw new Error('threads'); console.log('a table'); return { model: bytes }"
    const simplify = await loadSimplify(path.join(install(folder('works'), body), 'deeper', 'down'))
    const simplified = await simplify!(given)
    expect(simplified.proto).toEqual(proto)
    expect(simplified.source).toBe(given.source)
  })
  test("says the package's own reason", async () => {
    const body =
      "console.error('simplify begin\\nsimplify error: No Op registered for Cast'); throw new Error('failed, see stderr')"
    await (await rejects('refuses', body)).toThrow('onnxsim refused the model: No Op registered for Cast')
  })
  test('stops one that hangs', async () => {
    await (await rejects('hangs', 'setInterval(() => {}, 1000); await new Promise(() => {})', 1000)).toThrow('longer than 1 s')
  })
  test('refuses what is no model', async () => {
    await (await rejects('nonsense', 'return { model: new Uint8Array([1, 2, 3]) }')).toThrow()
  })
  test('refuses external data', async () => {
    const simplify = await loadSimplify(install(folder('external'), 'return { model: bytes }'))
    const source = { sizeBytes: 0, read: () => new Uint8Array() }
    await expect(simplify!({ ...given, weights: new Map([['weights.bin', source]]) })).rejects.toThrow('external data')
  })
})
