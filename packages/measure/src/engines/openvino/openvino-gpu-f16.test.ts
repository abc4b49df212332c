import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { GAPS } from '../../../test/support/engines/openvino/example-gaps.ts'
import { openvinoGpuF16 } from './openvino-gpu-f16.ts'

checkEngine({
  engine: openvinoGpuF16,
  availability: await availabilityHere(openvinoGpuF16),
  tolerance: { absolute: 0.01, relative: 0.005 },
  gaps: GAPS,
})
