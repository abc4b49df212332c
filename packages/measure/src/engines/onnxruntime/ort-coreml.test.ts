import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortCoreml } from './ort-coreml.ts'

checkEngine({
  engine: ortCoreml,
  availability: await availabilityHere(ortCoreml),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
})
