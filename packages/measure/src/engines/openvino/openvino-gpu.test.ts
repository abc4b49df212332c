import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { openvinoGpu } from './openvino-gpu.ts'

checkEngine({
  engine: openvinoGpu,
  availability: await availabilityHere(openvinoGpu),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: GAPS,
})
