// Engines by the names that other tools and their users have for them.
import { engines } from './index.ts'
import type { Engine } from './types.ts'

/** The id for each name. */
const MEANT: Readonly<Record<string, string>> = {
  onnxruntime: 'ort-cpu',
  ort: 'ort-cpu',
  onnx: 'ort-cpu',
  cpu: 'ort-cpu',
  gpu: 'ort-cuda',
  wasm: 'ort-wasm',
  webgpu: 'ort-webgpu',
  trt: 'ort-tensorrt',
  dml: 'ort-directml',
  pytorch: 'python-torch',
  tensorflow: 'python-keras',
  tfjs: 'tfjs-wasm',
  tflite: 'litert',
}

/** The engine that was probably meant: 'cuda' is ort-cuda. undefined: no engine is called so. */
export function engineMeant(name: string): Engine | undefined {
  const typed = name.toLowerCase()
  return engines.find(({ id }) => id === MEANT[typed] || id.endsWith(`-${typed}`))
}
