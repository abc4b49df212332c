// OpenVINO on a GPU, exact: https://docs.openvino.ai/2026/openvino-workflow/running-inference/inference-devices-and-modes/gpu-device.html
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvinoGpu: Engine = openvinoEngine({
  id: 'openvino-gpu',
  title: 'OpenVINO, GPU, float32',
  device: 'GPU',
  precision: 'float32',
})
