import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { convert } from './convert.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-convert-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const LINEAR = path.resolve(import.meta.dirname, '../../../../fixtures/models/credit_mlp.onnx')
const { signal } = new AbortController()
const refused = (out: string, force = false) => convert(LINEAR, { out: path.join(folder, out), force, signal })

test('an ending that is no format is refused, and a model that is in the format already', async () => {
  await expect(refused('model.pb')).rejects.toThrow(/its ending says no format that can be written; give name\.onnx/)
  await expect(refused('model.onnx')).rejects.toThrow(/credit_mlp\.onnx: this is onnx already; nothing is converted/)
  expect(fs.readdirSync(folder)).toEqual([])
})

test('a file that stands there is not replaced unless that is asked for', async () => {
  fs.writeFileSync(path.join(folder, 'there.onnx'), 'mine')
  await expect(refused('there.onnx')).rejects.toThrow(/exists; give another name, or --force to replace it/)
  expect(fs.readFileSync(path.join(folder, 'there.onnx'), 'utf8')).toBe('mine')
})

test('a model becomes a .tflite file, and one that TFLite cannot hold is refused by its node', async () => {
  const out = path.join(folder, 'model.tflite')
  const document = await convert(LINEAR, { out, force: false, signal })
  expect(document.to).toMatchObject({ format: 'tflite', sizeBytes: fs.statSync(out).size })
  expect(document.operators).toMatchObject({ FULLY_CONNECTED: 3, LOGISTIC: 1 })
  expect(fs.readFileSync(out).toString('latin1', 4, 8)).toBe('TFL3')
  const trees = path.resolve(import.meta.dirname, '../../../../fixtures/models/credit_rf10_zipmap.onnx')
  await expect(convert(trees, { out: path.join(folder, 'trees.tflite'), force: false, signal })).rejects.toThrow(
    /cannot be written as TFLite/,
  )
  expect(fs.existsSync(path.join(folder, 'trees.tflite'))).toBe(false)
})

test('a model becomes a model.json of TensorFlow.js with its shards beside it', async () => {
  const file = path.resolve(import.meta.dirname, '../../../../fixtures/formats/keras/k2-sequential.h5')
  const web = path.join(folder, 'web')
  fs.mkdirSync(web)
  const out = path.join(web, 'model.json')
  const document = await convert(file, { out, force: false, signal })
  expect(fs.readdirSync(web).sort()).toEqual(['group1-shard1of1.bin', 'model.json'])
  expect(document.to.format).toBe('tfjs')
  expect(document.to.sizeBytes).toBe(fs.readdirSync(web).reduce((sum, name) => sum + fs.statSync(path.join(web, name)).size, 0))
  expect(document).toMatchObject({ opset: null, operators: { _FusedMatMul: expect.any(Number) } })
  const { inputs } = document
  const again = await convert(out, { out: path.join(web, 'again.onnx'), force: false, signal })
  expect(again.inputs.map(({ name }) => name)).toEqual(inputs.map(({ name }) => name))
})

const TABULAR = path.resolve(import.meta.dirname, '../../../../fixtures/formats')

test('a model of doubles is written in double, and in float32 where that is asked for, with what it changes', async () => {
  const file = path.join(TABULAR, 'lightgbm/4.7-binary.txt')
  const exact = await convert(file, { out: path.join(folder, 'exact.onnx'), force: false, signal })
  expect(exact.inputs).toEqual([{ name: 'input', dtype: 'float64', shape: ['batch', 6] }])
  expect(exact).not.toHaveProperty('rounding')

  const data = path.join(folder, 'rows.csv')
  fs.writeFileSync(data, `a,b,c,d,e,f,label\n${'0.1,0.2,,-1.5,0.3,7,1\n'.repeat(5)}`)
  const rounded = await convert(file, {
    out: path.join(folder, 'small.onnx'),
    force: false,
    signal,
    allowRounding: true,
    data,
    labels: 'label',
  })
  expect(rounded.inputs[0]!.dtype).toBe('float32')
  expect(rounded.rounding).toMatchObject({ rows: 5, otherLeaves: 0, otherLabels: 0 })
})

test('rounding is refused where a model has no float32 form, and for what is no tabular model', async () => {
  const asked = { force: false, signal, allowRounding: true }
  const linear = convert(path.join(TABULAR, 'lightgbm/4.7-linear-trees.txt'), { ...asked, out: path.join(folder, 'linear.onnx') })
  await expect(linear).rejects.toThrow(/has linear trees, which are not written in float32/)
  const lite = convert(LINEAR, { ...asked, out: path.join(folder, 'other.tflite') })
  await expect(lite).rejects.toThrow(/--allow-rounding and --data are for tree models/)
})

test('notes of the reader are told: which trees count', async () => {
  const file = path.join(TABULAR, 'xgboost/3.2-stopped-wrapper.json')
  const { notes } = await convert(file, { out: path.join(folder, 'stopped.onnx'), force: false, signal })
  expect(notes).toEqual([expect.stringMatching(/^only the first 6 of 15 trees count, up to the best iteration \(1\)/)])
})

test('who runs integers of TensorFlow Lite as ONNX is told what keeps their sums exact', async () => {
  const lite = path.resolve(import.meta.dirname, '../../../../fixtures/formats/tflite')
  const asked = { force: false, signal }
  const integers = await convert(path.join(lite, 'int8-conv.tflite'), { ...asked, out: path.join(folder, 'integers.onnx') })
  expect(integers.notes).toEqual([
    "on x86 without VNNI, set session.x64quantprecision=1 in onnxruntime's session options: without it integer sums saturate",
  ])
  expect(
    await convert(path.join(lite, 'transpose.tflite'), { ...asked, out: path.join(folder, 'real.onnx') }),
  ).not.toHaveProperty('notes')
})

test('graphs of a file that are left out are told', async () => {
  const lite = path.resolve(import.meta.dirname, '../../../../fixtures/formats/tflite/two-signatures.tflite')
  const { notes } = await convert(lite, { out: path.join(folder, 'signatures.onnx'), force: false, signal })
  expect(notes).toEqual(["of the file's signatures 'serving_default' is read; left out: 'tail'"])
})

/** One of each kind of file, and whether TFLite is another format. */
const KINDS = [
  'keras/k1-convolutional.h5',
  'keras/k2-nested.h5',
  'keras/k2-recurrent.keras',
  'keras/k3-dense-sequential.h5',
  'keras/k3-nested.keras',
  'tfjs/layers-sequences.json',
  'tfjs/mobile.json',
  'tfjs/stored-uint8.json',
  'tflite/conv-same-s2.tflite',
  'tflite/dynamic-conv.tflite',
  'tflite/int8-net.tflite',
]

test.each(KINDS)('%s converted twice gives the same bytes, as ONNX and as TFLite', async (name) => {
  const file = path.join(TABULAR, name)
  for (const ending of name.endsWith('.tflite') ? ['onnx'] : ['onnx', 'tflite']) {
    const written = [] as Buffer[]
    for (const turn of ['first', 'second']) {
      const out = path.join(fs.mkdtempSync(path.join(folder, `${turn}-`)), `model.${ending}`)
      await convert(file, { out, force: false, signal })
      written.push(fs.readFileSync(out))
    }
    expect(written[0]!.byteLength).toBeGreaterThan(100)
    expect(written[0]!.equals(written[1]!), ending).toBe(true)
  }
})
