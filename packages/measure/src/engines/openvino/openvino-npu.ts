// OpenVINO on an NPU: https://docs.openvino.ai/2026/openvino-workflow/running-inference/inference-devices-and-modes/npu-device.html
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvinoNpu: Engine = openvinoEngine({
  id: 'openvino-npu',
  title: 'OpenVINO, NPU, float16',
  device: 'NPU',
  precision: 'float16',
})
