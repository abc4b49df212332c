// WebGPU without a browser: the provider that onnxruntime-node brings from 1.21 on, over Vulkan, Metal or Direct3D 12
// (https://onnxruntime.ai/docs/execution-providers/WebGPU-ExecutionProvider.html). Nodes that it has no kernel for run on the CPU.
// Compiling shaders takes the first prediction of a session from tenths of a second to seconds.

import type { Engine } from '../types.ts'
import { gpuInUse } from './gpu-in-use.ts'
import { providerEngine } from './ort-provider.ts'

const LINUX_DRIVER =
  'install the Vulkan driver of the GPU (Debian, Ubuntu: apt-get install mesa-vulkan-drivers; NVIDIA: its own) and let the process open /dev/dri; without a GPU, a software driver does for a try: VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json after apt-get install chromium libvulkan1'

export const ortWebgpu: Engine = providerEngine({
  id: 'ort-webgpu',
  title: 'ONNX Runtime for Node, WebGPU',
  backend: 'webgpu',
  provider: 'webgpu',
  accelerator: 'webgpu',
  offers: ['device-times', 'cpu-refused', 'float16', 'shaders'],
  builds: 'onnxruntime-node 1.21 and later on Linux x64, Windows, and macOS arm64',
  library: null,
  fixFor: () => (process.platform === 'linux' ? LINUX_DRIVER : "update the graphics card's driver"),
  device: gpuInUse,
})
