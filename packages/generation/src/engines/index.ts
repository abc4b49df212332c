// The engines, listed by hand: the first that opens a model and is installed generates with it, unless another is named.
import type { GeneratorEngine } from '../generator.ts'
import { address } from './address.ts'
import { llamaCpp } from './llama-cpp.ts'
import { ortCpu } from './ort-cpu.ts'
import { ortHeld } from './ort-held.ts'
import { pythonGenai } from './python-genai.ts'
import { pythonTransformers } from './python-transformers.ts'
import { transformersJs } from './transformers-js.ts'

export const generatorEngines: readonly GeneratorEngine[] = [
  ortCpu,
  ortHeld,
  transformersJs,
  llamaCpp,
  pythonGenai,
  pythonTransformers,
  address,
]

/** undefined if no engine bears that id. */
export const generatorEngineById = (id: string): GeneratorEngine | undefined =>
  generatorEngines.find((engine) => engine.id === id)
