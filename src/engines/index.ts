// The engines, listed by hand.
import { browserWasm } from './browser-wasm.ts'
import { browserWebgpu } from './browser-webgpu.ts'
import { ortCoreml } from './ort-coreml.ts'
import { ortCpu } from './ort-cpu.ts'
import { ortCuda } from './ort-cuda.ts'
import { ortDirectml } from './ort-directml.ts'
import { ortTensorrt } from './ort-tensorrt.ts'
import { ortWasm } from './ort-wasm.ts'
import { ortWebgpu } from './ort-webgpu.ts'
import type { Engine } from './types.ts'

export const engines: readonly Engine[] = [
  ortCpu,
  ortWasm,
  ortWebgpu,
  ortCuda,
  ortTensorrt,
  ortDirectml,
  ortCoreml,
  browserWasm,
  browserWebgpu,
]

/** undefined where no engine bears that id. */
export function engineById(id: string): Engine | undefined {
  return engines.find((engine) => engine.id === id)
}
