import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { pythonOpenvino } from './python-openvino.ts'

checkEngine({
  engine: pythonOpenvino,
  availability: await availabilityHere(pythonOpenvino),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
  concurrent: true,
})
