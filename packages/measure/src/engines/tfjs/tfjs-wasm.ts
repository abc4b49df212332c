// One thread with SIMD in Node: its binary with threads is for pages alone (WASM_HAS_MULTITHREAD_SUPPORT of tfjs-backend-wasm).
import type { Engine } from '../types.ts'
import { openSession } from './session.ts'
import { availabilityOf, installOf, PACKAGE } from './tfjs-package.ts'

export const tfjsWasm: Engine = {
  id: 'tfjs-wasm',
  title: 'TensorFlow.js in WebAssembly, in Node',
  formats: ['tfjs'],
  runs: 'source',
  package: PACKAGE,
  install: installOf('wasm'),
  offers: ['synchronous', 'compiled-while-running', 'tensors-by-hand', 'looked-at'],
  runtime: 'TensorFlow.js',
  available: async () => availabilityOf('wasm'),
  open: (modelFile) => openSession('wasm', modelFile),
}
