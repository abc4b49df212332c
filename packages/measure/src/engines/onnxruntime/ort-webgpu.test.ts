import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortWebgpu } from './ort-webgpu.ts'

checkEngine({
  engine: ortWebgpu,
  availability: await availabilityHere(ortWebgpu),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: {},
})
