// Opens a task's model and its saved inputs. Called in the trial's process only.
import fs from 'node:fs'
import { engineById } from '../engines/index.ts'
import type { Engine, Feeds, OpenOptions, Session } from '../engines/types.ts'
import { loadInputs } from './samples/saved.ts'
import type { ModelTask } from './tasks.ts'

export function engineOf(id: string): Engine {
  const engine = engineById(id)
  if (!engine) throw new Error(`unknown engine ${id}`)
  used.add(engine)
  return engine
}

const used = new Set<Engine>()

/** Ends what the engines that this process opened share: a browser must be gone before another trial starts. */
export async function endEngines(): Promise<void> {
  for (const engine of used) await engine.end?.()
}

export function openSession(
  task: ModelTask,
  more: Pick<OpenOptions, 'profilePrefix' | 'optimizedModelPath' | 'tensorsOnDevice'> = {},
): Promise<Session> {
  return engineOf(task.engine).open(task.modelFile, { ...task.options, ...more })
}

export function feedsOf(task: ModelTask): readonly Feeds[] {
  return loadInputs(task.inputs)
}

/** Threads of this process, or null where the system does not say. */
export function countThreads(): number | null {
  try {
    return fs.readdirSync('/proc/self/task').length
  } catch {
    return null
  }
}
