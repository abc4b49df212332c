import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { openvinoNpu } from './openvino-npu.ts'

checkEngine({
  engine: openvinoNpu,
  availability: await availabilityHere(openvinoNpu),
  tolerance: { absolute: 0.01, relative: 0.005 },
  gaps: GAPS,
})
