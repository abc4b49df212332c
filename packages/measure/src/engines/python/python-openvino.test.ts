import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { pythonOpenvino } from './python-openvino.ts'

checkEngine({
  engine: pythonOpenvino,
  availability: await availabilityHere(pythonOpenvino),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: GAPS,
  concurrent: true,
})
