// Which engines are measured beside the one in use, by the format of the model's file; none is opened.
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import { MODEL } from '@whyslow/command/support/example-trials.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import type { Availability } from '@whyslow/measure/engines/types.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { pairEngines } from './paired-engines.ts'

const here: Availability = { ok: true, version: '1', device: 'cpu', deviceKind: 'cpu', from: '', accelerators: [] }
const gone: Availability = { ok: false, reason: 'it was not found', fix: 'npm install it' }

/** As if the fixture's file, which is ONNX, were written in ONNX for engines that read that. */
async function beside(format: string, engineId: string, found: Availability = here, quick = false) {
  const read = await readModel(MODEL)
  const model = { ...read, writtenTo: '/tmp/model.onnx', source: { ...read.source, file: '/models/m', format } }
  const asked: string[] = []
  const describe = async (id: string) => {
    if (id === 'compiled') return gone
    asked.push(id)
    return id === 'ort-cpu' ? { ...found, ok: false as const, reason: '', fix: '' } : found
  }
  return { ...(await pairEngines(model, { engineId, folder: '/nowhere', quick, describe })), asked }
}

test('as ONNX: the runtime of the model’s owner, on the file itself; not in plain JavaScript', async () => {
  expect(await beside('tfjs', 'ort-cpu')).toEqual({
    engines: [{ id: 'tfjs-wasm', device: 'cpu', modelFile: '/models/m', configEntries: {} }],
    says: 'a TensorFlow.js model probably runs on TensorFlow.js today: compared with this engine; to measure it alone, use --engine tfjs-wasm',
    asked: ['tfjs-wasm'],
  })
  expect(await beside('tflite', 'ort-cpu', gone)).toMatchObject({
    engines: [],
    says: 'a TensorFlow Lite model probably runs on LiteRT today, which is not measured: it is not installed (npm install it)',
  })
})

test('code of its own where it can be written for the model, beside the reference alone', async () => {
  const model = await readModel(MODEL)
  const describe = async (id: string) => (id === 'compiled' ? here : gone)
  const asked = { folder: '/nowhere', quick: false, describe }
  const { engines } = await pairEngines(model, { ...asked, engineId: 'ort-cpu' })
  expect(engines).toEqual([{ id: 'compiled', device: 'cpu', modelFile: model.source.file, configEntries: {} }])
  expect((await pairEngines(model, { ...asked, engineId: 'ort-wasm' })).engines).toEqual([])
})

test('on its own runtime: the other backends of that, and the reference', async () => {
  expect(await beside('tfjs', 'tfjs-cpu')).toMatchObject({
    engines: [{ id: 'tfjs-wasm' }],
    says: null,
    asked: ['ort-cpu', 'tfjs-wasm'],
  })
})

test('a model of another format on TensorFlow.js: its other backend, given what this one is', async () => {
  const file = path.resolve(import.meta.dirname, '../../../../fixtures/formats/keras/k3-dense.keras')
  const folder = mkdtempSync(path.join(folderOfTests(), 'run-'))
  const model = await modelForEngine(await readModel(file), 'tfjs-cpu', folder)
  const describe = async (id: string) => (id === 'tfjs-wasm' ? here : gone)
  const { engines, says } = await pairEngines(model, { engineId: 'tfjs-cpu', folder, quick: false, describe })
  expect(engines).toEqual([{ id: 'tfjs-wasm', device: 'cpu', modelFile: fileForEngine(model), configEntries: {} }])
  expect(says).toContain('Keras with TensorFlow in Python today, which is not measured')
  expect((await pairEngines(model, { engineId: 'tfjs-cpu', folder, quick: true, describe })).engines).toEqual([])
})

test('Keras is measured in Python where it is here; of ONNX there is nothing to say; --quick measures none', async () => {
  expect(await beside('keras', 'ort-cpu')).toMatchObject({
    engines: [{ id: 'python-keras', modelFile: '/models/m', configEntries: {} }],
    says: 'a Keras model probably runs on Keras with TensorFlow in Python today: compared with this engine; to measure it alone, use --engine python-keras',
  })
  expect((await beside('hdf5', 'ort-cpu', gone)).says).toBe(
    'a Keras model probably runs on Keras with TensorFlow in Python today, which is not measured: it is not installed (npm install it)',
  )
  expect(await beside('onnx', 'ort-cpu')).toEqual({ engines: [], says: null, asked: [] })
  expect(await beside('tflite', 'ort-cpu', here, true)).toMatchObject({
    engines: [],
    asked: [],
    says: 'a TensorFlow Lite model probably runs on LiteRT today; fix and a run without --quick compare it with this engine',
  })
})
