// A folder in which an end of the model is code, run in a process of its own, against a session of the whole model.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { folderAt } from '@whyslow/command/model-files/folder.ts'
import { writeModelFiles } from '@whyslow/command/model-files/onnx-files.ts'
import { cutAtBoth, endsOf } from '@whyslow/compile/read/ends.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Cut } from '@whyslow/graph/cut.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { expect, test } from 'vitest'
import { needs } from '../../../../../test/needs.ts'
import { installIn, planOf, ROOT, runIn, scratch } from '../../../test/support/ship/example-plan.ts'
import { shipFolder } from '../ship-folder.ts'

async function shipped(of: Model, cut: Cut): Promise<string> {
  const out = path.join(scratch(), 'fast')
  const plan = planOf(of, out)
  await shipFolder({ ...plan, engine: { ...plan.engine, cut } })
  await writeModelFiles(of, folderAt(out, nodeDisk), undefined, 'whole.onnx')
  installIn(out)
  return out
}

/** `feeds` as source: what the folder and a session of the whole model give for them. */
const bothGive = (out: string, feeds: string) =>
  runIn(
    out,
    `
import { load } from './predict.mjs'
const { default: ort } = await import('onnxruntime-node')
const plain = (results) => Object.fromEntries(Object.entries(results).map(([name, { type, data, dims }]) => [name, { type, data: [...data].map(Number), dims: [...dims] }]))
const session = await ort.InferenceSession.create('whole.onnx')
const feeds = ${feeds}
const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]))
const names = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
const model = await load()
const worker = await load({ worker: true })
const given = [await session.run(tensors, names), await model.predict(feeds), await model.predict(tensors), await worker.predict(feeds)]
const refused = []
const tried = async (wrong) => refused.push(await model.predict(wrong).then(() => 'no error', (error) => error.name + ': ' + error.message))
await tried({ ...feeds, more: Object.values(feeds)[0] })
await tried({})
await tried(null)
await tried({ ...feeds, [Object.keys(feeds)[0]]: { type: 'int8', data: new Int8Array(1), dims: [1, 1] } })
await Promise.all([model.close(), worker.close()])
await tried(feeds)
print({ given: given.map(plain), refused })`,
  ) as { given: Record<string, { type: string; data: number[]; dims: number[] }>[]; refused: string[] }

function expectAlike([whole, ...others]: ReturnType<typeof bothGive>['given']): void {
  for (const other of others) {
    expect(Object.keys(other)).toEqual(Object.keys(whole!))
    for (const [name, { type, data, dims }] of Object.entries(whole!)) {
      expect({ type: other[name]!.type, dims: other[name]!.dims }).toEqual({ type, dims })
      for (const [k, value] of data.entries()) expect(other[name]!.data[k], `${name} ${k}`).toBeCloseTo(value, 5)
    }
  }
}

test('columns are prepared by code, and a support vector machine stays on the engine', async () => {
  const svm = await readModel(path.join(ROOT, 'fixtures/formats/skl2onnx/columns-svm.onnx'))
  const out = await shipped(svm, { head: endsOf(svm, () => undefined).head!.at })
  const rows = 3
  const { given, refused } = bothGive(
    out,
    `{
  amount: { type: 'float32', data: Float32Array.of(3, NaN, 50), dims: [${rows}, 1] },
  age: { type: 'int64', data: BigInt64Array.of(20n, 30n, 90n), dims: [${rows}, 1] },
  country: { type: 'string', data: ['DE', '日本', 'none'], dims: [${rows}, 1] },
  kind: { type: 'string', data: ['a', '', 'c'], dims: [${rows}, 1] },
  code: { type: 'int64', data: BigInt64Array.of(3n, 16777217n, 16777216n), dims: [${rows}, 1] },
  rate: { type: 'float32', data: Float32Array.of(0.5, 2.5, 9), dims: [${rows}, 1] },
}`,
  )
  expectAlike(given)
  expect(refused).toEqual([
    "TypeError: the model has no input 'more'; it takes amount, age, country, kind, code, rate",
    "TypeError: input 'amount' is missing",
    'TypeError: predict() takes an object with a tensor for each input: amount, age, country, kind, code, rate',
    "TypeError: input 'amount' takes float32, and was given int8",
    'Error: predict() was called after close(); load() the model again',
  ])
})

/** A scaled row, Erf, which is the engine's, and a forest behind it; `side` is an output of the part that stays. */
const planted = modelInMemory(
  model({
    nodes: [
      node({ opType: 'Scaler', domain: 'ai.onnx.ml' }, ['x'], ['scaled'], {
        offset: { floats: [1, 2] },
        scale: { floats: [0.5, 2] },
      }),
      node('Mul', ['scaled', 'w'], ['h']),
      node('Erf', ['h'], ['e']),
      node('Add', ['e', 'bias'], ['s']),
      node('Neg', ['e'], ['side']),
      node({ opType: 'TreeEnsembleClassifier', domain: 'ai.onnx.ml' }, ['s'], ['label', 'scores'], {
        nodes_treeids: [0, 0, 0, 1, 1, 1],
        nodes_nodeids: [0, 1, 2, 0, 1, 2],
        nodes_featureids: [0, 0, 0, 1, 0, 0],
        nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LT', 'LEAF', 'LEAF'],
        nodes_values: { floats: [0.1, 0, 0, -0.2, 0, 0] },
        nodes_truenodeids: [1, 0, 0, 1, 0, 0],
        nodes_falsenodeids: [2, 0, 0, 2, 0, 0],
        nodes_missing_value_tracks_true: [0, 0, 0, 0, 0, 0],
        class_treeids: [0, 0, 1, 1],
        class_nodeids: [1, 2, 1, 2],
        class_ids: [0, 0, 0, 0],
        class_weights: { floats: [-0.5, 0.75, 0.25, -1] },
        classlabels_int64s: [0, 1],
        post_transform: 'LOGISTIC',
      }),
    ],
    inputs: [valueInfo('x', 'float32', ['n', 2])],
    outputs: [
      valueInfo('label', 'int64', ['n']),
      valueInfo('side', 'float32', ['n', 2]),
      valueInfo('scores', 'float32', ['n', 2]),
    ],
    initializers: [floatTensor('w', [2], [0.25, -1]), floatTensor('bias', [2], [0.1, 0.2])],
    opsets: { 'ai.onnx.ml': 3 },
  }),
)

const found = endsOf(planted, (value) => (['e', 's'].includes(value) ? { dtype: 'float32', shape: [1, 2] } : undefined))

test.each<[string, Cut]>([
  ['tail', { tail: { value: 's', columns: 2 } }],
  ['ends', cutAtBoth(planted, found)!],
])('a forest behind what the engine computes is code: %s', async (_, cut) => {
  expect(found).toMatchObject({ head: { at: { value: 'h' } }, tail: { at: { value: 's' } } })
  const out = await shipped(planted, cut)
  expectAlike(bothGive(out, "{ x: { type: 'float32', data: Float32Array.of(1, 2, 3, -1, 0, 1.5, NaN, 4), dims: [4, 2] } }").given)
})

test('code takes plain numbers as the engine does', async () => {
  const whole = await readModel(path.join(ROOT, 'fixtures/models/credit_lr.onnx'))
  const out = path.join(scratch(), 'fast')
  const plan = planOf(whole, out)
  await shipFolder({ ...plan, engine: { id: 'compiled', version: '1', package: 'whyslow', generated: true } })
  const { name, columns } = JSON.parse(fs.readFileSync(path.join(out, 'options.json'), 'utf8')).compiled.inputs[0]
  const given = runIn(
    out,
    `
import { load } from './predict.mjs'
const model = await load()
const numbers = Array.from({ length: ${columns} }, (_, k) => k / 4)
const outputOf = async (data) => Object.values(await model.predict({ ${JSON.stringify(name)}: { type: 'float32', data, dims: [1, ${columns}] } })).map(({ data }) => [...data].map(String))
print([await outputOf(numbers), await outputOf(Float32Array.from(numbers))])`,
  ) as unknown[]
  expect(given[0]).toEqual(given[1])
})

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasOnnxruntime = spawnSync(python, ['-c', 'import numpy, onnxruntime']).status === 0

test.skipIf(!hasOnnxruntime)(
  'the same in Python',
  { timeout: 120_000, ...needs('an interpreter with onnxruntime') },
  async () => {
    const cut = cutAtBoth(planted, found)!
    const out = await shipped(planted, cut)
    const code = `
import json
import numpy as np
import onnxruntime
from fast import load
x = np.array([[1, 2], [3, -1], [0, 1.5], [np.nan, 4]], np.float32)
whole = onnxruntime.InferenceSession('fast/whole.onnx', providers=['CPUExecutionProvider'])
names = [one.name for one in whole.get_outputs()]
print(json.dumps([{name: np.asarray(value).astype(float).ravel().tolist() for name, value in given.items()} for given in (dict(zip(names, whole.run(names, {'x': x}))), load(backend='numpy').predict(x=x))]))`
    const { stdout, stderr } = spawnSync(python, ['-c', code], { cwd: path.dirname(out), encoding: 'utf8' })
    expect(stderr).toBe('')
    const [whole, own] = JSON.parse(stdout.replaceAll(/\bNaN\b/g, 'null')) as Record<string, (number | null)[]>[]
    expect(Object.keys(own!)).toEqual(Object.keys(whole!))
    for (const [name, values] of Object.entries(whole!))
      for (const [k, value] of values.entries())
        if (value === null) expect(own![name]![k], `${name} ${k}`).toBeNull()
        else expect(own![name]![k], `${name} ${k}`).toBeCloseTo(value, 5)
    expect(fs.readFileSync(path.join(out, 'requirements.txt'), 'utf8')).toContain('onnxruntime==')
  },
)
