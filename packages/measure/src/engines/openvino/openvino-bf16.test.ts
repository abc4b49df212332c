import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { openvinoBf16 } from './openvino-bf16.ts'

checkEngine({
  engine: openvinoBf16,
  availability: await availabilityHere(openvinoBf16),
  tolerance: { absolute: 0.05, relative: 0.02 },
  gaps: GAPS,
})
