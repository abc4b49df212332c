// The engines, listed by hand.
import type { GeneratorEngine } from '../generator.ts'
import { ortCpu } from './ort-cpu.ts'

export const generatorEngines: readonly GeneratorEngine[] = [ortCpu]

/** undefined if no engine bears that id. */
export const generatorEngineById = (id: string): GeneratorEngine | undefined =>
  generatorEngines.find((engine) => engine.id === id)
