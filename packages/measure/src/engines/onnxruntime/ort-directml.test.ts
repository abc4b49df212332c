import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortDirectml } from './ort-directml.ts'

checkEngine({
  engine: ortDirectml,
  availability: await availabilityHere(ortDirectml),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
})
