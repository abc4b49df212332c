// OpenVINO on a CPU with float16 units: Arm's, on which that is its own choice, and x64 with AMX-FP16.
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvinoF16: Engine = openvinoEngine({
  id: 'openvino-f16',
  title: 'OpenVINO, CPU, float16',
  device: 'CPU',
  precision: 'float16',
})
