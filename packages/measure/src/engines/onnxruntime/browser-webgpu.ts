// ONNX Runtime on WebGPU, in a real Chromium: what a visitor of a page gets on the GPU. Nodes without a WebGPU kernel run in
// WebAssembly. Where the machine has no GPU, Chromium's SwiftShader stands in, and is named so.

import type { Engine } from '../types.ts'
import { BROWSER_START_MS } from './browser/start-ms.ts'
import { WEB_PACKAGE } from './ort-web.ts'

export const browserWebgpu: Engine = {
  id: 'browser-webgpu',
  title: 'ONNX Runtime on WebGPU, in Chromium',
  formats: ['onnx'],
  runs: 'graph',
  accelerator: 'webgpu',
  startMs: BROWSER_START_MS,
  package: WEB_PACKAGE,
  offers: ['device-times', 'device-tensors', 'cpu-refused', 'float16', 'shaders', 'page'],
  available: async (options) => (await import('./browser/available.ts')).availableInBrowser('webgpu', options),
  open: async (modelFile, options) => (await import('./browser/session.ts')).openInBrowser('webgpu', modelFile, options),
  end: async () => (await import('./browser/browser.ts')).endBrowser(),
}
