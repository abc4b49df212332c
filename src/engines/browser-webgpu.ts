// ONNX Runtime on WebGPU, in a real Chromium: what a visitor of a page gets on the GPU. Nodes without a WebGPU kernel run in
// WebAssembly. Where the machine has no GPU, Chromium's SwiftShader stands in, and is named so.
import { availableInBrowser } from './browser/available.ts'
import { BROWSER_START_MS, endBrowser } from './browser/browser.ts'
import { openInBrowser } from './browser/session.ts'
import type { Engine } from './types.ts'

export const browserWebgpu: Engine = {
  id: 'browser-webgpu',
  title: 'ONNX Runtime on WebGPU, in Chromium',
  formats: ['onnx'],
  runs: 'graph',
  startMs: BROWSER_START_MS,
  offers: ['device-times', 'device-tensors', 'cpu-refused'],
  available: (options) => availableInBrowser('webgpu', options),
  open: (modelFile, options) => openInBrowser('webgpu', modelFile, options),
  end: endBrowser,
}
