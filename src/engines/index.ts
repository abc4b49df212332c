// The engines, listed by hand.
import { ortCpu } from './ort-cpu.ts'
import type { Engine } from './types.ts'

export const engines: readonly Engine[] = [ortCpu]

/** undefined where no engine bears that id. */
export function engineById(id: string): Engine | undefined {
  return engines.find((engine) => engine.id === id)
}
