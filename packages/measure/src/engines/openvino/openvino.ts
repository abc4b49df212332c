// OpenVINO on the CPU, exact: https://docs.openvino.ai/2026/openvino-workflow/running-inference/inference-devices-and-modes/cpu-device.html
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvino: Engine = openvinoEngine({
  id: 'openvino',
  title: 'OpenVINO, CPU, float32',
  device: 'CPU',
  precision: 'float32',
})
