// The shipped code, run from its folder in processes of its own, against a session of the same engine.
import fs from 'node:fs'
import path from 'node:path'
import { type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from '../../../../../test/only-full.ts'
import { ts } from '../../../../../test/typescript.ts'
import { FIXTURES, installIn, planFor, planOf, runIn, scratch } from '../../../test/support/ship/example-plan.ts'
import type { ShipPlan } from '../plan.ts'
import { shipFolder } from '../ship-folder.ts'

/** Ships a fixture, or a model made of parts, and lets it find the engine. Returns the folder. */
async function shipped(what: string | ModelParts, options: Partial<EngineOptions> = {}, changes: Partial<ShipPlan> = {}) {
  const out = path.join(scratch(), 'fast')
  const plan = typeof what === 'string' ? await planFor(path.join(FIXTURES, what), out) : planOf(modelInMemory(model(what)), out)
  await shipFolder({ ...plan, setup: { ...plan.setup, options: { ...plainOptions, ...options } }, ...changes })
  installIn(out)
  return out
}

/** Results as JSON can hold them. */
const PLAIN = `const plain = (results) => Object.entries(results).map(([name, { type, data, dims }]) => [name, type, [...data].map(String), [...dims]])`

test('plain objects, tensors and the worker give what a session gives', async () => {
  const cases = [
    ['credit_mlp.onnx', 23],
    ['credit_rf10_zipmap.onnx', 23],
    ['symbolic-batch.onnx', 16],
    ['external-data.onnx', 16],
  ] as const
  const folders = await Promise.all(cases.map(async ([name, width]) => [await shipped(name), width] as const))
  const found = runIn(
    folders[0]![0],
    `${PLAIN}
import ort from 'onnxruntime-node'
const found = []
for (const [folder, usual] of ${JSON.stringify(folders)}) {
  const { load } = await import(folder + '/predict.mjs')
  const model = await load()
  const worker = await load({ worker: true })
  const session = await ort.InferenceSession.create(folder + '/model.onnx')
  const input = session.inputNames[0]
  const [, width = usual] = session.inputMetadata[0].shape
  const data = Float32Array.from({ length: typeof width === 'number' ? width : usual }, (_, i) => Math.sin(i))
  const feeds = { [input]: { type: 'float32', data, dims: [1, data.length] } }
  const tensors = { [input]: new ort.Tensor('float32', data, [1, data.length]) }
  const outputs = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const asTensors = await model.predict(tensors)
  found.push([plain(await session.run(tensors, outputs)), plain(await model.predict(feeds)), plain(asTensors), plain(await worker.predict(feeds)),
    plain(await worker.predict(tensors)), data.length > 0 && Object.values(asTensors).every((one) => one instanceof ort.Tensor)])
  await worker.close()
  await model.close()
}
print(found)`,
  ) as unknown[][][]
  expect(found).toHaveLength(cases.length)
  for (const [k, [expected, ...others]] of found.entries()) {
    expect(expected!.length, cases[k]![0]).toBeGreaterThan(0)
    expect(others, cases[k]![0]).toEqual([expected, expected, expected, expected, true])
  }
})

const STRINGS: ModelParts = {
  nodes: [node('Identity', ['text'], ['same']), node('Add', ['n', 'n'], ['twice'])],
  inputs: [valueInfo('text', 'string', ['N']), valueInfo('n', 'int64', [2])],
  outputs: [valueInfo('same', 'string', ['N']), valueInfo('twice', 'int64', [2])],
}

test('strings and int64, in the worker too', async () => {
  const out = await shipped(STRINGS)
  const results = runIn(
    out,
    `${PLAIN}
import { load } from './predict.mjs'
const found = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const bytes = new BigInt64Array([9n, 3n, 4n, 9n])
  const results = await model.predict({
    text: { type: 'string', data: ['a', 'ü', ''], dims: [3] },
    n: { type: 'int64', data: bytes.subarray(1, 3), dims: [2] },
  })
  found.push([plain(results), bytes.length])
  await model.close()
}
print(found)`,
  )
  const expected = [
    [
      ['same', 'string', ['a', 'ü', ''], [3]],
      ['twice', 'int64', ['6', '8'], [2]],
    ],
    4,
  ]
  expect(results).toEqual([expected, expected])
})

test('wrong feeds are rejected with what is wrong, and the next prediction stands, in the worker too', async () => {
  const out = await shipped(STRINGS)
  const all = runIn(
    out,
    `import { load } from './predict.mjs'
const text = { type: 'string', data: ['a'], dims: [1] }
const n = { type: 'int64', data: new BigInt64Array(2), dims: [2] }
const wrong = [undefined, null, {}, { text }, { text, n, more: n }, { text, m: n }, { text, n: 3 }, { text, n: [1, 2] }, { text, n: { ...n, type: 'float32' } },
  { text, n: { ...n, dims: [3] } }, { text, n: { ...n, data: new Float32Array(2) } }, { text, n: { type: 'int64', data: new BigInt64Array(3), dims: [3] } }]
const all = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const said = []
  for (const feeds of wrong) said.push(await model.predict(feeds).then(() => 'accepted', (error) => error.name + ': ' + error.message))
  said.push(Object.keys(await model.predict({ text, n })).join())
  await model.close()
  await model.close()
  said.push(await model.predict({ text, n }).catch((error) => error.message))
  all.push(said)
}
print(all)`,
  ) as string[][]
  const expected = [
    'TypeError: predict() takes an object with a tensor for each input: text, n',
    'TypeError: predict() takes an object with a tensor for each input: text, n',
    "TypeError: input 'text' is missing",
    "TypeError: input 'n' is missing",
    "TypeError: the model has no input 'more'; it takes text, n",
    "TypeError: the model has no input 'm'; it takes text, n",
    "TypeError: input 'n' must be { type, data, dims }",
    "TypeError: input 'n' must be { type, data, dims }",
    "TypeError: input 'n' takes int64, and was given float32",
    expect.stringMatching(/^TypeError: input 'n': Tensor's size\(3\) does not match data length\(2\)/),
    expect.stringMatching(/^TypeError: input 'n': A int64 tensor's data must be type of/),
    expect.stringMatching(/^Error: .*n.*/),
    'same,twice',
    'predict() was called after close(); load() the model again',
  ]
  expect(all).toEqual([expected, expected])
})

test('tensors with a name that the model lacks', async () => {
  const out = await shipped('symbolic-batch.onnx')
  const said = runIn(
    out,
    `import { load } from './predict.mjs'
const model = await load()
const { default: ort } = await import('onnxruntime-node')
const x = new ort.Tensor('float32', new Float32Array(16), [1, 16])
print(await Promise.all([{ y: x }, { x, y: x }, x].map((feeds) => model.predict(feeds).catch((error) => error.message))))`,
  )
  expect(said).toEqual([
    expect.stringMatching(/input 'x' is missing/),
    "the model has no input 'y'; it takes x",
    expect.stringMatching(/^the model has no input '\w+'; it takes x$/),
  ])
})

describe('the session', () => {
  test('has the options, and telemetry is off unless it was set', async () => {
    const out = await shipped('symbolic-batch.onnx', { threads: 3, configEntries: { 'session.intra_op.allow_spinning': '0' } })
    const code = `
import { load } from './predict.mjs'
import ort from 'onnxruntime-node'
const { InferenceSession } = ort
const create = InferenceSession.create
let options
InferenceSession.create = (file, given) => (options = given, create.call(InferenceSession, file, given))
const before = process.env.ORT_DISABLE_TELEMETRY
const model = await load()
print([before ?? null, process.env.ORT_DISABLE_TELEMETRY, options])`
    const [before, after, options] = runIn(out, code) as unknown[]
    expect([before, after]).toEqual([null, '1'])
    expect(options).toMatchObject({ intraOpNumThreads: 3, extra: { session: { intra_op: { allow_spinning: '0' } } } })
    expect((runIn(out, `process.env.ORT_DISABLE_TELEMETRY = '0'\n${code}`) as unknown[])[1]).toBe('0')
  })

  test('does not spin where several of them share the CPUs, and keeps what else it is told', async () => {
    const out = await shipped('symbolic-batch.onnx', { configEntries: { 'session.intra_op.spin_duration_us': '700' } })
    const said = runIn(
      out,
      `
import { load } from './predict.mjs'
import ort from 'onnxruntime-node'
const { InferenceSession } = ort
const create = InferenceSession.create
const given = []
InferenceSession.create = (file, options) => (given.push(options.extra), create.call(InferenceSession, file, options))
for (const options of [{ spinning: false }, {}]) await (await load(options)).close()
print(given)`,
    ) as unknown[]
    const own = { spin_duration_us: '700' }
    const off = { allow_spinning: '0' }
    expect(said).toEqual([{ session: { intra_op: { ...own, ...off }, inter_op: off } }, { session: { intra_op: own } }])
  })

  test('a bad option, a missing file: load() is rejected, in the worker too', async () => {
    const out = await shipped('symbolic-batch.onnx', { configEntries: { 'session.intra_op.spin_backoff_max': 'many' } })
    fs.rmSync(path.join(out, 'model.onnx'))
    const said = runIn(
      out,
      `import { load } from './predict.mjs'
print(await Promise.all([false, true].map((worker) => load({ worker }).then(() => 'loaded', (error) => error.message))))`,
    ) as string[]
    expect(said[0]).not.toBe('loaded')
    expect(said[1]).toBe(said[0])
  })

  test('close() lets predictions that were asked for end', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const results = runIn(
      out,
      `import { load } from './predict.mjs'
const feeds = { x: { type: 'float32', data: new Float32Array(16), dims: [1, 16] } }
const ends = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  const asked = [model.predict(feeds), model.predict(feeds)]
  await Promise.all([model.close(), ...asked.map((one) => one.then(({ y }) => ends.push(y.dims), (error) => ends.push(error.message)))])
}
print(ends)`,
    )
    expect(results).toEqual(new Array(4).fill([1, 4]))
  })
})

test('kept outputs: the engine gets tensors while shapes stay; results are right when they change, in the worker too', async () => {
  const nonZero: ModelParts = {
    nodes: [node('NonZero', ['x'], ['where']), node('Neg', ['x'], ['negative'])],
    inputs: [valueInfo('x', 'float32', ['N'])],
    outputs: [valueInfo('where', 'int64', [1, 'K']), valueInfo('negative', 'float32', ['N'])],
  }
  const out = await shipped(nonZero, { reuseOutputs: true })
  const [here, inWorker] = runIn(
    out,
    `${PLAIN}
import ort from 'onnxruntime-node'
import { load } from './predict.mjs'
let calls = []
const { run } = ort.InferenceSession.prototype
ort.InferenceSession.prototype.run = function (feeds, fetches) {
  calls.push(Array.isArray(fetches) ? 'names' : 'tensors')
  return run.call(this, feeds, fetches)
}
const of = (...data) => ({ x: { type: 'float32', data: Float32Array.from(data), dims: [data.length] } })
const found = []
for (const worker of [false, true]) {
  const model = await load({ worker })
  calls = []
  const results = []
  for (const feeds of [of(1, 0), of(0, 2), of(3, 0), of(1, 2, 3), of(1, 2, 4), of(0, 0, 5), of(0, 6, 7)]) {
    const result = await model.predict(feeds)
    results.push(plain(result).map(([, , data]) => data.join()))
  }
  found.push([results, calls])
  await model.close()
}
print(found)`,
  ) as unknown[]
  // Zeros turn into -0, which String writes as 0.
  const results = [
    ['0', '-1,0'],
    ['1', '0,-2'],
    ['0', '-3,0'],
    ['0,1,2', '-1,-2,-3'],
    ['0,1,2', '-1,-2,-4'],
    ['2', '0,0,-5'],
    ['1,2', '0,-6,-7'],
  ]
  // The second and third fit the first's shapes, the fifth the fourth's; the sixth is refused, asked again, and the last one.
  const calls = ['names', 'tensors', 'tensors', 'names', 'tensors', 'tensors', 'names', 'names']
  expect(here).toEqual([results, calls])
  expect(inWorker).toEqual([results, []])
})

test('bits of float16 stay what they are on a Node that has a Float16Array, which the engine reads as empty', async () => {
  const half: ModelParts = {
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float16', [2])],
    outputs: [valueInfo('y', 'float16', [2])],
  }
  const out = await shipped(half)
  const given = runIn(
    out,
    `globalThis.Float16Array = class Float16Array extends Uint16Array {}
const { default: ort } = await import('onnxruntime-node')
const { load } = await import('./predict.mjs')
let given
ort.InferenceSession.prototype.run = async (feeds) => ((given = feeds.x), {})
const model = await load()
await model.predict({ x: { type: 'float16', data: Uint16Array.of(1, 15360), dims: [2] } })
print([given.type, given.data.constructor.name, [...given.data]])`,
  )
  expect(given).toEqual(['float16', 'Uint16Array', [1, 15360]])
})

describe('the worker', () => {
  test('answers in order, leaves the caller’s arrays alone, takes Buffers, and does not hold the process', async () => {
    const bytes: ModelParts = {
      nodes: [node('Identity', ['b'], ['c'])],
      inputs: [valueInfo('b', 'uint8', ['N'])],
      outputs: [valueInfo('c', 'uint8', ['N'])],
    }
    const out = await shipped(bytes)
    const results = runIn(
      out,
      `import { load } from './predict.mjs'
const model = await load({ worker: true })
const ends = []
const of = (data) => ({ b: { type: 'uint8', data, dims: [data.length] } })
const large = new Uint8Array(3e6).fill(1)
const asked = [of(large), of(Buffer.from('ab')), { b: 5 }, of(new Uint8Array(new SharedArrayBuffer(4)))].map((feeds, i) =>
  model.predict(feeds).then(({ c }) => ends.push([i, c.data.length, c.data[0]]), () => ends.push([i, 'refused'])))
await Promise.all(asked)
print([ends, large.length])
// No close(): the process ends by itself.`,
    )
    expect(results).toEqual([
      [
        [0, 3e6, 1],
        [1, 2, 97],
        [2, 'refused'],
        [3, 4, 0],
      ],
      3e6,
    ])
  })

  test('that dies rejects all that wait, and what is asked later; close() ends', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const source = fs.readFileSync(path.join(out, 'predict-worker.mjs'), 'utf8')
    fs.writeFileSync(
      path.join(out, 'predict-worker.mjs'),
      source.replace('const results =', 'if (id === 1) process.exit(7)\n    const results ='),
    )
    const said = runIn(
      out,
      `import { load } from './predict.mjs'
const model = await load({ worker: true })
const feeds = { x: { type: 'float32', data: new Float32Array(16), dims: [1, 16] } }
const asked = [0, 1, 2].map(() => model.predict(feeds))
const said = (await Promise.allSettled(asked)).map(({ status, reason }) => reason?.message ?? status)
said.push(await model.predict(feeds).catch((error) => error.message))
await model.close()
print(said)`,
    )
    const ended = 'the worker that predicts has ended (exit code 7); load() the model again'
    expect(said).toEqual(['fulfilled', ended, ended, ended])
  })

  test('starts from code on the command line too', async () => {
    const out = await shipped('symbolic-batch.onnx')
    const code = `import { load } from './predict.mjs'; const m = await load({ worker: true }); await m.close(); console.log('fine')`
    const said = runIn(
      out,
      `import { spawnSync } from 'node:child_process'
print(spawnSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(code)}], { encoding: 'utf8' }).stdout.trim())`,
    )
    expect(said).toBe('fine')
  })
})

test('types: what is right compiles, the shipped code itself with it, and what is wrong does not', async (context) => {
  onlyFull(context, 'needs the compiler')
  const out = await shipped(STRINGS, { reuseOutputs: true })
  const use = (n: string) => `import { load } from './predict.mjs'
import { Tensor } from 'onnxruntime-node'
const model = await load({ worker: true })
const text = { type: 'string', data: ['a'], dims: [1] } as const
const { same, twice } = await model.predict({ text, n: ${n} })
const a: readonly string[] = same.data
const b: BigInt64Array = twice.data
console.log(a, b)
`
  const cases = {
    'right.mts': use("{ type: 'int64', data: new BigInt64Array(2), dims: [2] }"),
    'tensor.mts': use("new Tensor('int64', new BigInt64Array(2), [2])"),
    'wrong.mts': use("{ type: 'int64', data: new Float32Array(2), dims: [2] }"),
  }
  for (const [name, text] of Object.entries(cases)) fs.writeFileSync(path.join(out, name), text)
  const files = [...Object.keys(cases), 'predict.mjs', 'predict-worker.mjs'].map((name) => path.join(out, name))
  const settings = {
    strict: true,
    noImplicitAny: false,
    useUnknownInCatchVariables: false,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    typeRoots: [path.join(out, 'node_modules/@types')],
  }
  const problems = ts.getPreEmitDiagnostics(ts.createProgram(files, settings))
  const own = problems.filter(({ file }) => file === undefined || path.dirname(file.fileName) === out)
  const said = own.map(
    ({ file, messageText }) => `${path.basename(file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  )
  expect(said).toEqual([expect.stringMatching(/^wrong\.mts: .*Float32Array/)])
})
