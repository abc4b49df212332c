// OpenVINO on a GPU in float16, which is its own choice there.
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvinoGpuF16: Engine = openvinoEngine({
  id: 'openvino-gpu-f16',
  title: 'OpenVINO, GPU, float16',
  device: 'GPU',
  precision: 'float16',
})
