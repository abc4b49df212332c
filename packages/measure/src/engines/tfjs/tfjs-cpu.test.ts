import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { SUITE } from '../../../test/support/engines/tfjs/example-suite.ts'
import { tfjsCpu } from './tfjs-cpu.ts'

checkEngine({
  engine: tfjsCpu,
  availability: await availabilityHere(tfjsCpu),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
  suite: SUITE,
})
