// The engine of a shipped folder whose caches stay in onnxruntime's memory: bundled as its engine.mjs.
import { openHeld } from '../../engines/held/index.ts'
import { ortHeld } from '../../engines/ort-held.ts'
import type { GeneratorEngine } from '../../generator.ts'

/** The packages are the folder's own, with which it was measured, whatever the program around it has. */
export const engine: GeneratorEngine = {
  ...ortHeld,
  open: (source, options) => openHeld(source, options, { packageFrom: import.meta.dirname }),
}
