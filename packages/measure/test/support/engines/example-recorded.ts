// The engine suite's models in formats that ort-cpu does not read, with their maker's outputs: fixtures/make/engines.py, keras_engine.py.
import fs from 'node:fs'
import path from 'node:path'
import type { Feeds } from '../../../src/engines/types.ts'
import { namedArrays, recordedOf } from '../samples/example-outputs.ts'
import type { EngineSuite, SuiteModel } from './example-models.ts'

/** By the file's name, as the suite calls the same case in ONNX. */
const CASES: Readonly<Record<string, string>> = {
  perceptron: 'a perceptron at several batch sizes in one session',
  small: 'one kernel',
  convolution: 'convolutions, pooling and a softmax at two resolutions',
  attention: 'attention, layer normalization and an error function',
  outputs: 'several outputs of several dtypes',
  scalar: 'a scalar in and out',
  empty: 'an empty tensor in and out',
  strings: 'strings in and out',
  recurrent: 'a recurrent network',
  branch: 'a branch of If',
}

/** `unknownOperator`: a file whose operator nobody knows, and what says so. */
export function recordedSuite(format: 'tflite' | 'tfjs' | 'keras', unknownOperator: EngineSuite['unknownOperator']): EngineSuite {
  const folder = path.resolve(import.meta.dirname, `../../../../../fixtures/formats/${format}/engine`)
  const names = fs.readdirSync(folder)
  const models = new Map(
    names.map((entry) => {
      const name = entry.replace(/\.(tflite|keras)$/, '')
      const file = path.join(folder, entry, ...(format === 'tfjs' ? ['model.json'] : []))
      return [name, recorded(CASES[name] ?? `${name} in and out`, file)]
    }),
  )
  const one = (name: string) => models.get(name)!
  return { models: [...models.values()], small: one('small'), scalar: one('scalar'), outputs: one('outputs'), unknownOperator }
}

function recorded(name: string, file: string): SuiteModel {
  const calls = [recordedOf(file), recordedOf(file, 2)].filter((call) => call !== null)
  const under = (prefix: 'in/' | 'out/'): Feeds[] => calls.map((call) => namedArrays(call, prefix))
  return { name, file, feeds: under('in/'), expected: under('out/') }
}
