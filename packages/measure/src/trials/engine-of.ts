// The engines that this trial's process opened, so that what they share ends before it answers.
import { engineById } from '../engines/index.ts'
import { engineOfPythonFolder } from '../engines/python/python-folder.ts'
import { engineOfFolder } from '../engines/shipped-folder.ts'
import type { Engine } from '../engines/types.ts'
import type { ModelTask } from './model-task.ts'

const used = new Set<Engine>()

/** Called in the trial's process only. */
export function engineOf(id: string): Engine {
  const engine = engineById(id)
  if (!engine) throw new Error(`unknown engine ${id}`)
  used.add(engine)
  return engine
}

/** What opens a task's model: its engine, or the folder that it is shipped in. */
export const openerOf = ({ engine, shipped }: Pick<ModelTask, 'engine' | 'shipped'>): Pick<Engine, 'available' | 'open'> =>
  shipped === undefined
    ? engineOf(engine)
    : shipped.python === undefined
      ? engineOfFolder(shipped)
      : engineOfPythonFolder({ folder: shipped.folder, python: shipped.python })

/** Ends what the engines that this process opened share: a browser must be gone before another trial starts. */
export async function endEngines(): Promise<void> {
  for (const engine of used) await engine.end?.()
}
