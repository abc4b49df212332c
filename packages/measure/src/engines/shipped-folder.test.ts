import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { plainOptions } from '../../test/support/engines/example-options.ts'
import { engineOfFolder } from './shipped-folder.ts'
import type { Feeds } from './types.ts'

const tests = fs.mkdtempSync(path.join(tmpdir(), 'whyslow-shipped-folder-'))
afterAll(() => fs.rmSync(tests, { recursive: true, force: true }))

/** A folder with such a predict.mjs, and an engine's package beside it whose tensors know that they are its own. */
function folderWith(code: string): string {
  const place = fs.mkdtempSync(path.join(tests, 'place-'))
  const engine = path.join(place, 'node_modules/onnxruntime-node')
  fs.mkdirSync(engine, { recursive: true })
  fs.writeFileSync(
    path.join(engine, 'package.json'),
    JSON.stringify({ name: 'onnxruntime-node', version: '1', main: 'index.js' }),
  )
  fs.writeFileSync(
    path.join(engine, 'index.js'),
    'exports.InferenceSession = {}; exports.Tensor = class { constructor(type, data, dims) { Object.assign(this, { type, data, dims, own: true }) } }',
  )
  const folder = path.join(place, 'fast')
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'predict.mjs'), code)
  return folder
}

/** Twice what it is given, in one array that every prediction writes into; its dims say whether it was given a tensor. */
const twice = `const data = new Float32Array(2)
  export async function load() {
    return {
      async predict({ x }) {
        x.data.forEach((one, at) => { data[at] = 2 * one })
        return { y: { type: 'float32', data, dims: [x.own ? 1 : 0, 2, Number(process.env.WHYSLOW_EXAMPLE ?? 0)] } }
      },
      async close() {},
    }
  }`

const feeds = (...values: number[]): Feeds => ({ x: { dtype: 'float32', shape: [1, 2], data: Float32Array.from(values) } })

test.each([
  ['tensors of the package that lies beside it', true, [1, 2, 7]],
  ['plain objects', false, [0, 2, 7]],
])('predicts with %s, told by the environment, and keeps what comes out', async (_, takesTensors, shape) => {
  const engine = engineOfFolder({ folder: folderWith(twice), takesTensors, env: { WHYSLOW_EXAMPLE: '7' } })
  expect(await engine.available(plainOptions)).toMatchObject({ ok: true })
  const session = await engine.open('not-opened.onnx', plainOptions)
  const first = await session.run(feeds(1, 2))
  await session.prepare(feeds(5, 6))()
  expect(first.y).toEqual({ dtype: 'float32', shape, data: Float32Array.of(2, 4) })
  await session.close()
  delete process.env.WHYSLOW_EXAMPLE
})

test('a folder whose code does not run is not available', async () => {
  const engine = engineOfFolder({ folder: folderWith('throw new Error("no such engine")'), takesTensors: false, env: {} })
  expect(await engine.available(plainOptions)).toMatchObject({ ok: false, reason: expect.stringMatching(/no such engine$/) })
})
