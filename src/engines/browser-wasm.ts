// ONNX Runtime in WebAssembly, in a real Chromium: what a visitor of a page gets on the CPU. The page is isolated, so it has threads; a
// page of the user's has them only with the same headers (docs/engines.md).
import { availableInBrowser } from './browser/available.ts'
import { BROWSER_START_MS, endBrowser } from './browser/browser.ts'
import { openInBrowser } from './browser/session.ts'
import type { Engine } from './types.ts'

export const browserWasm: Engine = {
  id: 'browser-wasm',
  title: 'ONNX Runtime in WebAssembly, in Chromium',
  formats: ['onnx'],
  runs: 'graph',
  startMs: BROWSER_START_MS,
  offers: ['process-threads'],
  available: (options) => availableInBrowser('wasm', options),
  open: (modelFile, options) => openInBrowser('wasm', modelFile, options),
  end: endBrowser,
}
