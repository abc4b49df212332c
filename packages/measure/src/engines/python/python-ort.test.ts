import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { pythonOrt } from './python-ort.ts'

checkEngine({
  engine: pythonOrt,
  availability: await availabilityHere(pythonOrt),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
})
