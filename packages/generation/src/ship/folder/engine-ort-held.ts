// The engine of a shipped folder whose caches stay in onnxruntime's memory: bundled as its engine.mjs.
export { ortHeld as engine } from '../../engines/ort-held.ts'
