import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { browserWasm } from './browser-wasm.ts'

checkEngine({
  engine: browserWasm,
  availability: await availabilityHere(browserWasm),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
})
