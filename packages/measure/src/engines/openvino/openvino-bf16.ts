// OpenVINO on a CPU with bfloat16 units (AVX-512 BF16, AMX), on which that is its own choice: 8 bits of mantissa.
import type { Engine } from '../types.ts'
import { openvinoEngine } from './openvino-engine.ts'

export const openvinoBf16: Engine = openvinoEngine({
  id: 'openvino-bf16',
  title: 'OpenVINO, CPU, bfloat16',
  device: 'CPU',
  precision: 'bfloat16',
})
