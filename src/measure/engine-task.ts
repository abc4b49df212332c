// Describes the engine, in the trial's process.
import type { Availability } from '../engines/types.ts'
import { engineOf } from './open.ts'

export async function engineTask({ engine, packageFrom }: { engine: string; packageFrom: string | null }): Promise<Availability> {
  return engineOf(engine).available({ packageFrom })
}
