// The engines that this trial's process opened, so that what they share ends before it answers.
import { engineById } from '../engines/index.ts'
import type { Engine } from '../engines/types.ts'

const used = new Set<Engine>()

/** Called in the trial's process only. */
export function engineOf(id: string): Engine {
  const engine = engineById(id)
  if (!engine) throw new Error(`unknown engine ${id}`)
  used.add(engine)
  return engine
}

/** Ends what the engines that this process opened share: a browser must be gone before another trial starts. */
export async function endEngines(): Promise<void> {
  for (const engine of used) await engine.end?.()
}
