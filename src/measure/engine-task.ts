// Describes the engine, in the trial's process.
import type { Availability } from '../engines/types.ts'
import { engineOf } from './open.ts'
import type { Tasks } from './tasks.ts'

export async function engineTask({ engine, ...options }: Tasks['engine']['input']): Promise<Availability> {
  return engineOf(engine).available(options)
}
