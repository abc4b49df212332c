// The engine suite in TensorFlow.js's format.
import path from 'node:path'
import { floats } from '../example-models.ts'
import { recordedSuite } from '../example-recorded.ts'

export const SUITE = recordedSuite('tfjs', {
  file: path.resolve(import.meta.dirname, '../../../../../../fixtures/formats/tfjs/unknown-operator/model.json'),
  says: /Betainc/,
  feeds: { x: floats([4], 1) },
})
