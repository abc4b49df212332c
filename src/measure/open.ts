// Opens a task's model and its saved inputs. Called in the trial's process only.
import fs from 'node:fs'
import type { Feeds, OpenOptions, Session } from '../engines/types.ts'
import { engineOf } from '../trials/engine-of.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { loadInputs } from './samples/saved.ts'

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
