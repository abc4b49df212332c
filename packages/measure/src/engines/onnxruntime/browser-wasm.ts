// ONNX Runtime in WebAssembly, in a real Chromium: what a visitor of a page gets on the CPU. The page is isolated, so it has threads; a
// page of the user's has them only with the same headers (docs/engines.md).

import type { Engine } from '../types.ts'
import { BROWSER_START_MS } from './browser/start-ms.ts'
import { WEB_PACKAGE } from './ort-web.ts'

export const browserWasm: Engine = {
  id: 'browser-wasm',
  title: 'ONNX Runtime in WebAssembly, in Chromium',
  formats: ['onnx'],
  runs: 'graph',
  startMs: BROWSER_START_MS,
  package: WEB_PACKAGE,
  offers: ['process-threads', 'webassembly', 'page'],
  available: async (options) => (await import('./browser/available.ts')).availableInBrowser('wasm', options),
  open: async (modelFile, options) => (await import('./browser/session.ts')).openInBrowser('wasm', modelFile, options),
  end: async () => (await import('./browser/browser.ts')).endBrowser(),
}
