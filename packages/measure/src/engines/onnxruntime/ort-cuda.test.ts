import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortCuda } from './ort-cuda.ts'

checkEngine({
  engine: ortCuda,
  availability: await availabilityHere(ortCuda),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
})
