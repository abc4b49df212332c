// Core ML, macOS: https://onnxruntime.ai/docs/execution-providers/CoreML-ExecutionProvider.html. Core ML itself decides between CPU, GPU
// and Neural Engine and does not say which it took; the report says so.
import os from 'node:os'
import type { Engine } from '../types.ts'
import { providerEngine } from './ort-provider.ts'

export const ortCoreml: Engine = providerEngine({
  id: 'ort-coreml',
  title: 'ONNX Runtime for Node, Core ML',
  backend: 'coreml',
  provider: 'coreml',
  accelerator: 'coreml',
  offers: ['cpu-refused', 'float16'],
  builds: 'onnxruntime-node on macOS',
  library: null,
  fixFor: () => 'update macOS to 10.15 or later',
  device: () => ({
    device: `${os.cpus()[0]?.model ?? 'Apple'} (CPU, GPU or Neural Engine, as Core ML chooses)`,
    deviceKind: 'npu',
  }),
})
