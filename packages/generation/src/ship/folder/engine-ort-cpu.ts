// The engine of a shipped folder that runs on onnxruntime-node: bundled as its engine.mjs.
import { openOrtGenerator, ortCpu } from '../../engines/ort-cpu.ts'
import type { GeneratorEngine } from '../../generator.ts'

/** The package is the folder's own, with which it was measured, whatever the program around it has. */
export const engine: GeneratorEngine = {
  ...ortCpu,
  open: (source, options) => openOrtGenerator(source, options, { packageFrom: import.meta.dirname }),
}
