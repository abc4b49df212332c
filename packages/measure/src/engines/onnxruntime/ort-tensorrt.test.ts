import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortTensorrt } from './ort-tensorrt.ts'

checkEngine({
  engine: ortTensorrt,
  availability: await availabilityHere(ortTensorrt),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
})
