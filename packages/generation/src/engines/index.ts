// The engines, listed by hand.
import type { GeneratorEngine } from '../generator.ts'
import { ortCpu } from './ort-cpu.ts'
import { ortHeld } from './ort-held.ts'

export const generatorEngines: readonly GeneratorEngine[] = [ortCpu, ortHeld]

/** undefined if no engine bears that id. */
export const generatorEngineById = (id: string): GeneratorEngine | undefined =>
  generatorEngines.find((engine) => engine.id === id)
