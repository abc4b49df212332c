// A model of a format that the engine does not read: it is given to the engine in a format that it does.
import { mkdtempSync, readFileSync } from 'node:fs'
import path, { join } from 'node:path'
import { readModel, readOnnx } from '@whyslow/formats/index.ts'
import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { canRead, entriesForModel, modelForEngine } from './model-for-engine.ts'

const MODEL = path.resolve(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
const folderOfAll = folderOfTests()
const newFolder = () => mkdtempSync(join(folderOfAll, 'run-'))

/** The fixture as a reader of another format would give it: the file itself is none that an engine opens. */
async function ofAnotherFormat(): Promise<Model> {
  const model = await readModel(MODEL)
  return { ...model, source: { ...model.source, file: '/models/m.moon', format: 'moon' } }
}

test('is written as ONNX, once; a model whose format the engine reads is left as it is', async () => {
  const folder = newFolder()
  const model = await ofAnotherFormat()
  const given = await modelForEngine(model, 'ort-cpu', folder)
  expect(fileForEngine(given).startsWith(folder)).toBe(true)
  expect(given.source).toBe(model.source)
  expect(viewGraph(await readOnnx(fileForEngine(given)))).toEqual(viewGraph(model))
  const bytes = readFileSync(fileForEngine(given))
  expect(fileForEngine(await modelForEngine(model, 'ort-wasm', folder))).toBe(fileForEngine(given))
  expect(readFileSync(fileForEngine(given)).equals(bytes)).toBe(true)
  const onnx = await readModel(MODEL)
  expect(await modelForEngine(onnx, 'ort-cpu', folder)).toBe(onnx)
  expect(fileForEngine(onnx)).toBe(MODEL)
})

test('an engine that reads neither the file nor what can be written is refused in one line', async () => {
  const onnx = await readModel(MODEL)
  const folder = newFolder()
  await expect(modelForEngine(onnx, 'python-keras', folder)).rejects.toThrow(
    `${MODEL}: python-keras reads keras, hdf5 alone, and this is onnx; any engine of 'whyslow doctor' that reads onnx takes it`,
  )
  const source = { ...onnx.source, file: '/models/model.json', format: 'tfjs' }
  expect(await modelForEngine({ ...onnx, source }, 'tfjs-wasm', folder)).toEqual({ ...onnx, source })
})

test('a comparison that names no engines gives TensorFlow.js what may run there today', async () => {
  const onnx = await readModel(MODEL)
  const of = (format: string): Model => ({ ...onnx, source: { ...onnx.source, format } })
  const ids = ['tfjs-cpu', 'tfjs-wasm', 'ort-cpu', 'litert', 'python-keras']
  const given = (format: string) => ids.filter((id) => canRead(of(format), id))
  expect(given('hdf5')).toEqual(ids)
  expect(given('keras')).toEqual(ids)
  expect(given('tflite')).toEqual(['tfjs-cpu', 'tfjs-wasm', 'ort-cpu', 'litert'])
  expect(given('tfjs')).toEqual(['tfjs-cpu', 'tfjs-wasm', 'ort-cpu', 'litert'])
  expect(given('onnx')).toEqual(['ort-cpu', 'litert'])
})

test('is written as a graph model of TensorFlow.js, once for both of its backends; an operator that it cannot hold is named', async () => {
  const keras = path.resolve(import.meta.dirname, '../../../../fixtures/formats/keras')
  const model = await readModel(path.join(keras, 'k2-sequential.h5'))
  const folder = newFolder()
  const given = fileForEngine(await modelForEngine(model, 'tfjs-cpu', folder))
  expect(path.basename(given)).toBe('model.json')
  expect(fileForEngine(await modelForEngine(model, 'tfjs-wasm', folder))).toBe(given)
  const [before, after] = [viewGraph(model), viewGraph(await readModel(given))]
  const names = ({ inputs, outputs }: typeof before) => [inputs, outputs].map((values) => values.map(({ name }) => name))
  expect(names(after)).toEqual(names(before))
  const words = await readModel(path.join(keras, 'k3-lookups.keras'))
  await expect(modelForEngine(words, 'tfjs-wasm', newFolder())).rejects.toThrow(
    /k3-lookups\.keras: LabelEncoder 'words\/LabelEncoder' cannot be written as TensorFlow\.js/,
  )
})

test('is written as .tflite for an engine that reads that alone; an operator that it cannot hold is named', async () => {
  const onnx = await readModel(MODEL)
  const given = fileForEngine(await modelForEngine(onnx, 'litert', newFolder()))
  const [before, after] = [viewGraph(onnx), viewGraph(await readModel(given))]
  expect([after.inputs, after.outputs].map((values) => values.map(({ name }) => name))).toEqual(
    [before.inputs, before.outputs].map((values) => values.map(({ name }) => name)),
  )
  const trees = await readModel(path.resolve(import.meta.dirname, '../../../../fixtures/models/credit_xgb.onnx'))
  await expect(modelForEngine(trees, 'litert', newFolder())).rejects.toThrow(
    /credit_xgb\.onnx: TreeEnsembleClassifier '.*' cannot be written as TFLite/,
  )
})

test('integers of TensorFlow Lite are added exactly by an engine that is given them as ONNX, whatever the processor', async () => {
  const onnx = await readModel(MODEL)
  const lite = { ...onnx, source: { ...onnx.source, format: 'tflite' } }
  const exact = { 'session.x64quantprecision': '1' }
  expect(['ort-cpu', 'python-ort', 'litert', 'compiled'].map((id) => entriesForModel(lite, id))).toEqual([exact, exact, {}, {}])
  expect(entriesForModel(onnx, 'ort-cpu')).toEqual({})
})

test('a graph of a .tflite file that its runtime does not run by itself is given to it as a file of its own', async () => {
  const file = path.resolve(import.meta.dirname, '../../../../fixtures/formats/tflite/two-signatures.tflite')
  const given = fileForEngine(await modelForEngine(await readModel(file, { signature: 'tail' }), 'litert', newFolder()))
  expect(given).not.toBe(file)
  expect(viewGraph(await readModel(given)).outputs.map(({ name }) => name)).toEqual(['less'])
  expect(fileForEngine(await modelForEngine(await readModel(file), 'litert', newFolder()))).toBe(file)
})
