import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { ortWasm } from './ort-wasm.ts'

checkEngine({
  engine: ortWasm,
  availability: await availabilityHere(ortWasm),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
})
