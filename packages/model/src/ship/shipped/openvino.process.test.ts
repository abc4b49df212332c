// The shipped code on OpenVINO, run from its folder in processes of its own: where the library is, against onnxruntime.
import fs from 'node:fs'
import path from 'node:path'
import { type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { findLibrary as findHere, openvinoEnvironment } from '@whyslow/measure/engines/openvino/find-library.ts'
import { openvino } from '@whyslow/measure/engines/openvino/openvino.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../../../test/needs.ts'
import { FIXTURES, installIn, planFor, planOf, ROOT, runIn, scratch } from '../../../test/support/ship/example-plan.ts'
import { shipFolder } from '../ship-folder.ts'

const library = findHere({}, openvinoEnvironment())
const version = '2026.4.1'
const engine = {
  id: 'openvino',
  version,
  package: 'openvino-node',
  precision: 'float32',
  library: openvino.shipped!({ ...plainOptions, threads: 1 }),
}

async function shipped(what: string | ModelParts): Promise<string> {
  const out = path.join(scratch(), 'fast')
  const plan = typeof what === 'string' ? await planFor(path.join(FIXTURES, what), out) : planOf(modelInMemory(model(what)), out)
  await shipFolder({ ...plan, engine })
  return out
}

const LOAD = `import { load } from './predict.mjs'
const said = (options) => load(options).then(() => 'loaded', (error) => error.message)`

describe('the folder', () => {
  test('names the library, its precision and what calls it', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const read = (name: string) => fs.readFileSync(path.join(out, name), 'utf8')
    const { openvino: options } = JSON.parse(read('options.json'))
    expect(options).toMatchObject({
      engine: 'openvino',
      version,
      precision: 'float32',
      device: 'CPU',
      properties: { INFERENCE_PRECISION_HINT: 'f32', INFERENCE_NUM_THREADS: '1' },
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 16] }],
      outputs: ['y'],
    })
    const manifest = JSON.parse(read('manifest.json'))
    expect(manifest.engine).toEqual({ id: 'openvino', version, package: 'openvino-node', precision: 'float32' })
    expect(manifest.files.map((file: { path: string }) => file.path)).toContain('openvino.mjs')
    expect(JSON.parse(read('package.json'))).toMatchObject({
      dependencies: { koffi: '^3.0.0' },
      peerDependencies: { 'openvino-node': expect.stringMatching(/^>=\d+\.\d+$/) },
      peerDependenciesMeta: { 'openvino-node': { optional: true } },
    })
    const readme = read('README.md')
    expect(readme).toContain(`OpenVINO in float32, measured with version ${version}`)
    expect(readme).toContain(`pip install openvino==${version}`)
    expect(read('predict.py')).toContain("    'INFERENCE_PRECISION_HINT': 'f32',")
    expect(read('requirements.txt')).toBe(`openvino==${version}\nnumpy\n`)
    expect(readme).toContain('compiled at the first prediction with each shape')
    expect(readme).not.toMatch(/onnxruntime|ORT_/)
  })

  test('says in one line that koffi is missing, and that the library is, in the worker too', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const ask = `${LOAD}\nprocess.env.OPENVINO_LIBRARY = '/no/such/folder'\nprint([await said({}), await said({ worker: true })])`
    const none = runIn(out, ask) as string[]
    expect(none[0]).toMatch(/^OpenVINO is called through the package koffi, which is not installed: npm install in .*fast$/)
    expect(none[1]).toBe(none[0])
    installIn(out)
    const [here, worker] = runIn(out, ask) as string[]
    expect(here).toMatch(/^OPENVINO_LIBRARY \/no\/such\/folder: no OpenVINO library \(\S+\) is there: pip install openvino==/)
    expect(here).not.toContain('\n')
    expect(worker).toBe(here)
  })
})

/** Results as JSON can hold them: name, type, numbers as text, dims. */
type Plain = [[name: string, type: string, values: string[], dims: number[]]]

const HEAD = `process.env.OPENVINO_LIBRARY = ${JSON.stringify(library.ok ? library.file : '')}
const { load } = await import('./predict.mjs')
const plain = (results) => Object.entries(results).map(([name, { type, data, dims }]) => [name, type, [...data].map(String), [...dims]])`

describe.skipIf(!library.ok)('predictions on OpenVINO', needs('OpenVINO (pip install openvino)'), () => {
  const run = (out: string, code: string) => {
    installIn(out)
    return runIn(out, `${HEAD}\n${code}`)
  }

  test('plain objects, tensors and the worker give what onnxruntime gives, at every shape', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const [here, worker, expected] = run(
      out,
      `const { default: ort } = await import('onnxruntime-node')
const all = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const results = []
  for (const rows of [1, 2, 3, 4, 5, 6, 2]) {
    const data = Float32Array.from({ length: rows * 16 }, (_, i) => Math.sin(i))
    const x = { type: 'float32', data, dims: [rows, 16] }
    results.push(plain(await model.predict({ x })), plain(await model.predict({ x: new ort.Tensor('float32', data, [rows, 16]) })))
  }
  all.push(results)
  await model.close()
  await model.close()
}
const session = await ort.InferenceSession.create('model.onnx')
const data = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i))
all.push([...(await session.run({ x: new ort.Tensor('float32', data, [1, 16]) })).y.data])
print(all)`,
    ) as [Plain[], Plain[], number[]]
    expect(worker).toEqual(here)
    for (const [[name, type, values, dims]] of here.slice(0, 2)) {
      expect([name, type, dims]).toEqual(['y', 'float32', [1, 4]])
      values.forEach((value, i) => void expect(Number(value)).toBeCloseTo(expected[i]!, 4))
    }
    expect(here.map(([[, , , dims]]) => dims)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 2, 2].map((rows) => [rows, 4]))
    // The last shape was the second: the same numbers come out again.
    expect(here.slice(-2)).toEqual(here.slice(2, 4))
  })

  const WHOLE: ModelParts = {
    nodes: [node('Add', ['n', 'n'], ['twice']), node('ReduceSum', ['x'], ['sum'], { keepdims: 0 })],
    inputs: [valueInfo('n', 'int64', [2]), valueInfo('x', 'float32', [3])],
    outputs: [valueInfo('twice', 'int64', [2]), valueInfo('sum', 'float32', [])],
  }

  test.each([false, true])(
    'whole numbers and scalars; wrong feeds are rejected with what is wrong, worker: %s',
    async (worker) => {
      const out = await shipped(WHOLE)
      const said = run(
        out,
        `const model = await load({ worker: ${worker} })
const n = { type: 'int64', data: new BigInt64Array([9n, 3n, 4n, 9n]).subarray(1, 3), dims: [2] }
const x = { type: 'float32', data: Float32Array.of(1, 2, 3), dims: [3] }
const wrong = [undefined, {}, { n }, { n, x, more: n }, { n: 3, x }, { n: { ...n, type: 'float32' }, x }, { n: { ...n, dims: [3] }, x },
  { n: { ...n, data: new Float64Array(2) }, x }, { n, x: { ...x, data: new Float32Array(2), dims: [2] } }]
const said = []
for (const feeds of wrong) said.push(await model.predict(feeds).then(() => 'accepted', (error) => error.name + ': ' + error.message))
said.push(plain(await model.predict({ n, x })))
await model.close()
said.push(await model.predict({ n, x }).catch((error) => error.message))
print(said)`,
      )
      expect(said).toEqual([
        'TypeError: predict() takes an object with a tensor for each input: n, x',
        "TypeError: input 'n' is missing",
        "TypeError: input 'x' is missing",
        "TypeError: the model has no input 'more'; it takes n, x",
        "TypeError: input 'n' must be { type, data, dims }",
        "TypeError: input 'n' takes int64, and was given float32",
        "TypeError: input 'n': 3 are 3 numbers, and data has 2",
        "TypeError: input 'n': data of int64 is a BigInt64Array",
        "Error: input 'x' is declared as 3, not 2",
        [
          ['twice', 'int64', ['6', '8'], [2]],
          ['sum', 'float32', ['6'], []],
        ],
        'predict() was called after close(); load() the model again',
      ])
    },
  )

  test('large arrays are read where they lie: as they are at each prediction, whichever comes; results stay what they were', async () => {
    const out = await shipped({
      nodes: [node('Add', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', [40_000])],
      outputs: [valueInfo('y', 'float32', [40_000])],
    })
    const seen = run(
      out,
      `const seen = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const whole = new Float32Array(40_001).fill(3)
  const [a, b] = [new Float32Array(40_000).fill(1), whole.subarray(1)]
  const predict = async (data) => (await model.predict({ x: { type: 'float32', data, dims: [40_000] } })).y.data
  const results = [await predict(a)]
  a.fill(2)
  results.push(await predict(a), await predict(b), await predict(a))
  // More than are kept, each twice, the second time with other numbers.
  const many = Array.from({ length: 7 }, (_, k) => new Float32Array(40_000).fill(k))
  for (const data of many) results.push(await predict(data))
  for (const data of many.slice(3)) results.push(await predict(data.fill(data[0] + 10)))
  globalThis.gc?.()
  seen.push(results.map((data) => [data.length, data[0], data.at(-1)]))
  await model.close()
}
print(seen)`,
    )
    const rows = [2, 4, 6, 4, 0, 2, 4, 6, 8, 10, 12, 26, 28, 30, 32].map((value) => [40_000, value, value])
    expect(seen).toEqual([rows, rows])
  })

  test('with reuseOutputs results are in the same arrays, which stay readable after close(); a worker gives copies', async () => {
    const out = await shipped({
      nodes: [node('Add', ['x', 'x'], ['y'])],
      inputs: [valueInfo('x', 'float32', [3])],
      outputs: [valueInfo('y', 'float32', [3])],
    })
    const seen = run(
      out,
      `const seen = []
for (const options of [{ reuseOutputs: true }, {}, { worker: true, reuseOutputs: true }]) {
  const model = await load(options)
  const predict = async (value) => (await model.predict({ x: { type: 'float32', data: new Float32Array(3).fill(value), dims: [3] } })).y.data
  const [first, second] = [await predict(1), await predict(2)]
  await model.close()
  globalThis.gc?.()
  seen.push([first === second, [...first], [...second]])
}
print(seen)`,
    )
    const own = [false, [2, 2, 2], [4, 4, 4]]
    expect(seen).toEqual([[true, [4, 4, 4], [4, 4, 4]], own, own])
  })

  test('with reuseOutputs a state that is fed back is read as it was, and results may be transferred', async () => {
    const out = await shipped({
      nodes: [node('Transpose', ['state'], ['next'], { perm: [1, 0] })],
      inputs: [valueInfo('state', 'float32', [160, 160])],
      outputs: [valueInfo('next', 'float32', [160, 160])],
    })
    const seen = run(
      out,
      `const model = await load({ reuseOutputs: true })
const first = Float32Array.from({ length: 160 * 160 }, (_, k) => k)
const turned = first.map((_, k) => first[(k % 160) * 160 + Math.floor(k / 160)])
const predict = async (data) => (await model.predict({ state: { type: 'float32', data, dims: [160, 160] } })).next.data
const same = (one, other) => one.length === other.length && one.every((value, k) => value === other[k])
const seen = []
let state = first
for (let k = 0; k < 4; k++) {
  state = await predict(state)
  seen.push(same(state, k % 2 === 0 ? turned : first))
}
const given = structuredClone(state, { transfer: [state.buffer] })
const after = await predict(first)
seen.push(state.length, same(given, first), same(after, turned), after === (await predict(first)))
await model.close()
print(seen)`,
    )
    expect(seen).toEqual([true, true, true, true, 0, true, true, true])
  })

  test('close() lets predictions that were asked for end; a library that is none says so', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const [ends, broken] = run(
      out,
      `const feeds = { x: { type: 'float32', data: new Float32Array(16), dims: [1, 16] } }
const ends = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const asked = [model.predict(feeds), model.predict(feeds)]
  await Promise.all([model.close(), ...asked.map((one) => one.then(({ y }) => ends.push(y.dims), (error) => ends.push(error.message)))])
}
process.env.OPENVINO_LIBRARY = ${JSON.stringify(path.join(ROOT, 'package.json'))}
print([ends, await load().catch((error) => error.message)])`,
    ) as unknown[]
    expect(ends).toEqual(new Array(4).fill([1, 4]))
    expect(broken).toMatch(/package\.json cannot be used, the model was measured with OpenVINO/)
  })
})
