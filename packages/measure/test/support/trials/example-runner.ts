// A runner that follows a script, for tests of what orchestrates: no process starts, and every call is kept.
import type { RunTrial, Trial, TrialLimits, TrialRunner } from '../../../src/trials/port.ts'

export interface ExampleTrial {
  readonly task: string
  readonly input: unknown
  readonly limits: TrialLimits
}

/** By the id of a task: what comes of it. `call`: how often that task was asked for before. */
export type Script = Readonly<
  Record<string, (input: never, call: number, limits: TrialLimits) => Trial<unknown> | Promise<Trial<unknown>>>
>

export interface ScriptedRunner extends TrialRunner {
  readonly asked: readonly ExampleTrial[]
  /** Ids of the tasks asked for, in order. */
  tasks(): readonly string[]
}

export const measured = <T>(value: T): Trial<T> => ({ outcome: 'measured', value })
export const failed = (reason: string): Trial<never> => ({ outcome: 'failed', reason })

/** A task that the script does not hold fails with that reason, so that the test sees what was asked. */
export function scriptedRunner(script: Script): ScriptedRunner {
  const asked: ExampleTrial[] = []
  const run: RunTrial = async (task, input, limits) => {
    limits.signal?.throwIfAborted()
    const call = asked.filter((one) => one.task === task.id).length
    asked.push({ task: task.id, input, limits })
    const part = script[task.id]
    return (part === undefined ? failed(`the script holds no ${task.id}`) : await part(input as never, call, limits)) as never
  }
  return { run, alone: (work) => work(), asked, tasks: () => asked.map(({ task }) => task) }
}
