import path from 'node:path'
import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { recordedSuite } from '../../../test/support/engines/example-recorded.ts'
import { pythonTflite } from './python-tflite.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/tflite')

checkEngine({
  engine: pythonTflite,
  availability: await availabilityHere(pythonTflite),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
  concurrent: true,
  suite: recordedSuite('tflite', { file: path.join(FIXTURES, 'unknown-operator.tflite'), says: /Betainc/ }),
})
