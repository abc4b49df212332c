import { availabilityHere, checkEngine } from '../check-engine.ts'
import { GAPS } from './example-gaps.ts'
import { openvinoGpuF16 } from './openvino-gpu-f16.ts'

checkEngine({
  engine: openvinoGpuF16,
  availability: await availabilityHere(openvinoGpuF16),
  tolerance: { absolute: 0.01, relative: 0.005 },
  gaps: GAPS,
})
