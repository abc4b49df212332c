// DirectML, Windows: https://onnxruntime.ai/docs/execution-providers/DirectML-ExecutionProvider.html. Bundled in onnxruntime-node.

import type { Engine } from '../types.ts'
import { gpuInUse } from './gpu-in-use.ts'
import { providerEngine } from './ort-provider.ts'

export const ortDirectml: Engine = providerEngine({
  id: 'ort-directml',
  title: 'ONNX Runtime for Node, DirectML',
  backend: 'dml',
  provider: 'dml',
  accelerator: 'directml',
  offers: ['cpu-refused', 'float16'],
  builds: 'onnxruntime-node on Windows 10 1903 and later',
  library: null,
  fixFor: () => "update Windows and the graphics card's driver: DirectML needs Direct3D 12",
  device: gpuInUse,
})
