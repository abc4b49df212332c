import { availabilityHere, checkEngine } from '../check-engine.ts'
import { GAPS } from './example-gaps.ts'
import { openvino } from './openvino.ts'

checkEngine({
  engine: openvino,
  availability: await availabilityHere(openvino),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: GAPS,
})
