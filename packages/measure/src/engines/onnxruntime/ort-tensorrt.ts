// TensorRT: https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html. It compiles the model when a session is
// opened, which takes minutes for large ones; what it does not take runs on the CPU here, so that CUDA is not measured in its name.

import type { Engine } from '../types.ts'
import { gpuInUse } from './gpu-in-use.ts'
import { providerEngine } from './ort-provider.ts'

export const ortTensorrt: Engine = providerEngine({
  id: 'ort-tensorrt',
  title: 'ONNX Runtime for Node, TensorRT',
  backend: 'tensorrt',
  provider: 'tensorrt',
  accelerator: 'cuda',
  offers: ['float16'],
  builds: 'onnxruntime-node on Linux x64, with an NVIDIA GPU',
  library: {
    file: 'libonnxruntime_providers_tensorrt.so',
    install: 'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
  },
  fixFor: (message) =>
    /libcu|libnv|cudnn/i.test(message)
      ? 'install CUDA 12, cuDNN 9 and TensorRT 10 and put their folders into LD_LIBRARY_PATH'
      : 'look at nvidia-smi: the NVIDIA driver must be there and show a GPU',
  device: gpuInUse,
})
