import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { openvinoF16 } from './openvino-f16.ts'

checkEngine({
  engine: openvinoF16,
  availability: await availabilityHere(openvinoF16),
  tolerance: { absolute: 0.01, relative: 0.005 },
  gaps: GAPS,
})
