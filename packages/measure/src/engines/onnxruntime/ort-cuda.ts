// CUDA: https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html. The provider's libraries are not in the npm
// package; its install script fetches them on Linux x64 where it may run. CUDA 12 and cuDNN 9 come from the system.

import type { Engine } from '../types.ts'
import { gpuInUse } from './gpu-in-use.ts'
import { providerEngine } from './ort-provider.ts'

export const ortCuda: Engine = providerEngine({
  id: 'ort-cuda',
  title: 'ONNX Runtime for Node, CUDA',
  backend: 'cuda',
  provider: 'cuda',
  accelerator: 'cuda',
  offers: ['cpu-refused', 'float16'],
  builds: 'onnxruntime-node on Linux x64, with an NVIDIA GPU',
  library: {
    file: 'libonnxruntime_providers_cuda.so',
    install: 'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
  },
  fixFor: (message) =>
    /libcu|libnv|cudnn/i.test(message)
      ? 'install CUDA 12 and cuDNN 9 and put their folders into LD_LIBRARY_PATH'
      : 'look at nvidia-smi: the NVIDIA driver must be there and show a GPU',
  device: gpuInUse,
})
