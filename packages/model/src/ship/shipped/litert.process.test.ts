// The shipped code on LiteRT, run from its folder in processes of its own, against what the makers of its files recorded.
import fs from 'node:fs'
import path from 'node:path'
import { readTflite } from '@whyslow/formats/tflite.ts'
import { findLibrary as findHere } from '@whyslow/measure/engines/litert/find-library.ts'
import { litert } from '@whyslow/measure/engines/litert/litert.ts'
import { libraryEnvironment } from '@whyslow/measure/engines/native-library.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { recordedSuite } from '@whyslow/measure/support/engines/example-recorded.ts'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../../../test/needs.ts'
import { FIXTURES, installIn, planFor, planOf, ROOT, runIn, scratch } from '../../../test/support/ship/example-plan.ts'
import type { ShipPlan } from '../plan.ts'
import { shipFolder } from '../ship-folder.ts'

const TFLITE = path.join(ROOT, 'fixtures/formats/tflite')
const library = findHere({}, libraryEnvironment())
const engine: ShipPlan['engine'] = {
  id: 'litert',
  version: '2.1.0',
  package: 'ai-edge-litert',
  library: litert.shipped!({ ...plainOptions, threads: 1 }),
}

/** The file as its owner has it. */
async function shipped(file: string, out = path.join(scratch(), 'fast')): Promise<string> {
  const model = await readTflite(file)
  const { sha256 } = model.source
  await shipFolder({ ...planOf(model, out), engine, original: { file, sha256, proto: model.proto } })
  return out
}

const perceptron = path.join(TFLITE, 'engine/perceptron.tflite')

describe('the folder', () => {
  test('holds the file as it was given, and names the library and what calls it', async () => {
    const out = await shipped(perceptron)
    const read = (name: string) => fs.readFileSync(path.join(out, name), 'utf8')
    expect(fs.readFileSync(path.join(out, 'model.tflite'))).toEqual(fs.readFileSync(perceptron))
    const { litert: options } = JSON.parse(read('options.json'))
    expect(options).toMatchObject({
      engine: 'litert',
      version: '2.1.0',
      device: 'CPU',
      properties: { num_threads: '1' },
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 16] }],
      outputs: ['y'],
    })
    const manifest = JSON.parse(read('manifest.json'))
    expect(manifest).toMatchObject({
      model: 'model.tflite',
      engine: { id: 'litert', version: '2.1.0', package: 'ai-edge-litert' },
    })
    expect(manifest.files.map((file: { path: string }) => file.path)).toEqual(
      expect.arrayContaining(['model.tflite', 'litert.mjs']),
    )
    expect(JSON.parse(read('package.json')).dependencies).toEqual({ koffi: '^3.0.0' })
    const readme = read('README.md')
    expect(readme).toContain('It predicts with LiteRT, measured with version 2.1.0.')
    expect(readme).toContain('`pip install ai-edge-litert==2.1.0`')
    expect(readme).toContain('`LITERT_LIBRARY`')
    expect(read('predict.py')).toContain('Interpreter(model_path=file, num_threads=1)')
    expect(read('requirements.txt')).toBe('ai-edge-litert==2.1.0\nnumpy\n')
    expect(readme).toContain('makes room for it first')
    expect(readme).not.toMatch(/onnxruntime|ORT_/)
  })

  test('holds what was written of a model of another format, or of a changed one', async () => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out)
    await shipFolder({ ...plan, engine, encode: () => Uint8Array.of(1, 2, 3) })
    expect([...fs.readFileSync(path.join(out, 'model.tflite'))]).toEqual([1, 2, 3])
    expect(fs.existsSync(path.join(out, 'model.onnx'))).toBe(false)
  })

  test('of a library whose version nobody knows pins none', async () => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out)
    await shipFolder({ ...plan, engine: { ...engine, version: 'of unknown version' }, encode: () => new Uint8Array(1) })
    const readme = fs.readFileSync(path.join(out, 'README.md'), 'utf8')
    expect(readme).toContain('`pip install ai-edge-litert`')
    expect(readme).toContain('It predicts with LiteRT. `npm install`')
  })

  test('says in one line that koffi is missing, and that the library is, in the worker too', async () => {
    const out = await shipped(perceptron)
    const ask = `import { load } from './predict.mjs'
const said = (options) => load(options).then(() => 'loaded', (error) => error.message)
process.env.LITERT_LIBRARY = '/no/such/folder'
print([await said({}), await said({ worker: true })])`
    const none = runIn(out, ask) as string[]
    expect(none[0]).toMatch(/^LiteRT is called through the package koffi, which is not installed: npm install in .*fast$/)
    expect(none[1]).toBe(none[0])
    installIn(out)
    const [here, worker] = runIn(out, ask) as string[]
    expect(here).toMatch(
      /^LITERT_LIBRARY \/no\/such\/folder: no LiteRT library \(\S+\) is there: pip install ai-edge-litert==2\.1\.0, or name /,
    )
    expect(here).not.toContain('\n')
    expect(worker).toBe(here)
  })
})

/** Tensors as JSON can hold them. */
interface Plain {
  readonly name: string
  readonly type: string
  readonly dims: readonly number[]
  readonly array: string
  readonly values: readonly string[]
}

const plain = (feeds: Feeds): Plain[] =>
  Object.entries(feeds).map(([name, { dtype, shape, data }]) => ({
    name,
    type: dtype,
    dims: shape,
    array: data.constructor.name,
    values: [...(data as Float32Array)].map(String),
  }))

const HEAD = `process.env.LITERT_LIBRARY = ${JSON.stringify(library.ok ? library.file : '')}
const plain = (results) => Object.entries(results).map(([name, { type, data, dims }]) =>
  ({ name, type, dims, array: data.constructor.name, values: [...data].map(String) }))
const tensors = (all) => Object.fromEntries(all.map(({ name, type, dims, array, values }) =>
  [name, { type, dims, data: globalThis[array].from(values, array.startsWith('Big') ? BigInt : Number) }]))`

/** Variables, texts and tensors of nothing are gaps of the engine. */
const GAPS = /recurrent|strings|empty/

describe.skipIf(!library.ok)('predictions on LiteRT', needs('LiteRT (pip install ai-edge-litert)'), () => {
  const run = (out: string, code: string) => {
    installIn(out)
    return runIn(out, `${HEAD}\nconst { load } = await import('./predict.mjs')\n${code}`)
  }

  test('every model gives what its maker recorded, at every shape, in this thread and in a worker', async () => {
    const root = scratch()
    const models = recordedSuite('tflite', { file: '', says: /./ }).models.filter(({ name }) => !GAPS.test(name))
    for (const [k, { file }] of models.entries()) await shipped(file!, path.join(root, String(k)))
    installIn(root)
    const all = runIn(
      root,
      `${HEAD}
const all = []
for (const [k, feeds] of ${JSON.stringify(models.map(({ feeds }) => feeds.map(plain)))}.entries()) {
  const { load } = await import('./' + k + '/predict.mjs')
  const model = await load({ worker: k === 0 })
  const results = []
  // Shapes in turns: sizes that are free are set again.
  for (const one of [...feeds, ...feeds]) results.push(plain(await model.predict(tensors(one))))
  all.push(results)
  await model.close()
  await model.close()
}
print(all)`,
    ) as Plain[][][]
    for (const [k, { name, expected }] of models.entries()) {
      for (const [at, results] of all[k]!.entries()) expectAlike(name, results, plain(expected![at % expected!.length]!))
    }
  })

  test('wrong feeds are rejected with what is wrong, and so is what comes after close()', async () => {
    const out = await shipped(perceptron)
    const said = run(
      out,
      `const model = await load()
const x = { type: 'float32', data: new Float32Array(16), dims: [1, 16] }
const wrong = [undefined, {}, { x, more: x }, { x: 3 }, { x: { ...x, type: 'int64' } }, { x: { ...x, dims: [2, 16] } },
  { x: { ...x, data: new Float32Array(8), dims: [1, 8] } }]
const said = []
for (const feeds of wrong) said.push(await model.predict(feeds).then(() => 'accepted', (error) => error.name + ': ' + error.message))
const asked = [model.predict({ x }), model.predict({ x })]
await Promise.all([model.close(), ...asked.map((one) => one.then(({ y }) => said.push(y.dims)))])
said.push(await model.predict({ x }).catch((error) => error.message))
print(said)`,
    )
    expect(said).toEqual([
      'TypeError: predict() takes an object with a tensor for each input: x',
      "TypeError: input 'x' is missing",
      "TypeError: the model has no input 'more'; it takes x",
      "TypeError: input 'x' must be { type, data, dims }",
      "TypeError: input 'x' takes float32, and was given int64",
      "TypeError: input 'x': 2x16 are 32 numbers, and data has 16",
      "Error: input 'x' is declared as batchx16, not 1x8",
      [1, 4],
      [1, 4],
      'predict() was called after close(); load() the model again',
    ])
  })

  test('with reuseOutputs results are in the same arrays; a worker gives copies', async () => {
    const out = await shipped(perceptron)
    const seen = run(
      out,
      `const seen = []
for (const options of [{ reuseOutputs: true }, {}, { worker: true, reuseOutputs: true }]) {
  const model = await load(options)
  const predict = async (value) => (await model.predict({ x: { type: 'float32', data: new Float32Array(16).fill(value), dims: [1, 16] } })).y.data
  const first = await predict(1)
  const before = String(first)
  const second = await predict(2)
  await model.close()
  seen.push([first.buffer === second.buffer, String(first) === before, String(second) === before])
}
print(seen)`,
    )
    expect(seen).toEqual([
      [true, false, false],
      [false, true, false],
      [false, true, false],
    ])
  })

  test('with reuseOutputs results may be transferred', async () => {
    const out = await shipped(perceptron)
    const seen = run(
      out,
      `const model = await load({ reuseOutputs: true })
const predict = async (value) => (await model.predict({ x: { type: 'float32', data: new Float32Array(16).fill(value), dims: [1, 16] } })).y.data
const first = await predict(1)
const before = String(first)
const given = structuredClone(first, { transfer: [first.buffer] })
const second = await predict(2)
const seen = [first.length, String(given) === before, second.length, String(second) === before, String(await predict(1)) === before]
await model.close()
print(seen)`,
    )
    expect(seen).toEqual([0, true, 4, false, true])
  })

  test('a model or a library that is none says so', async () => {
    const out = await shipped(perceptron)
    fs.writeFileSync(path.join(out, 'model.tflite'), 'no model')
    const said = run(
      out,
      `const said = [await load().catch((error) => error.message)]
process.env.LITERT_LIBRARY = ${JSON.stringify(path.join(ROOT, 'package.json'))}
print([...said, await load().catch((error) => error.message)])`,
    ) as string[]
    expect(said[0]).toMatch(/^LiteRT: .* \(status \d+\)$/)
    expect(said[1]).toMatch(/package\.json cannot be used, the model was measured with LiteRT 2\.1\.0: /)
  })
})

/** Floats as near as rounding lets them be, all else to the last digit. */
function expectAlike(model: string, results: readonly Plain[], expected: readonly Plain[]): void {
  const about = (all: readonly Plain[]) => all.map(({ name, type, dims, array }) => [name, type, dims, array]).sort()
  expect([model, about(results)]).toEqual([model, about(expected)])
  for (const { name, type, values } of expected) {
    const got = results.find((one) => one.name === name)!.values
    if (!type.startsWith('float') || type === 'float16') expect([model, name, got]).toEqual([model, name, values])
    else values.forEach((value, i) => void expect(Number(got[i]), `${model} ${name}`).toBeCloseTo(Number(value), 4))
  }
}
