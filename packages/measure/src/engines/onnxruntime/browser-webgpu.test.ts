import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { browserWebgpu } from './browser-webgpu.ts'

checkEngine({
  engine: browserWebgpu,
  availability: await availabilityHere(browserWebgpu),
  tolerance: { absolute: 1e-4, relative: 1e-3 },
  gaps: { 'trees, and an output that is no tensor left out': 'its build knows trees up to version 1 of ai.onnx.ml' },
})
