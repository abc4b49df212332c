// What stages know of trials: one task goes in with its limits, and a value comes out, whatever became of the process that did it.
// A runner in a process of its own (local-runner.ts) and a scripted one for tests (example-runner.ts) stand behind it.
import { engineWordsOnNode } from '../engines/onnxruntime/facts/error-words.ts'
import type { Machine } from '../machine/types.ts'
import { bytes } from '../statistics/numbers.ts'

export type Trial<T> = { readonly outcome: 'measured'; readonly value: T } | NotMeasured

export type NotMeasured =
  | { readonly outcome: 'failed'; readonly reason: string }
  | { readonly outcome: 'out-of-memory'; readonly usedBytes: number; readonly limitBytes: number }
  | { readonly outcome: 'timed-out'; readonly limitMs: number }
  | { readonly outcome: 'crashed'; readonly reason: string }

export interface TrialLimits {
  readonly timeMs: number
  /** Memory of the process and of all that it started above which they are ended; polled, since address-space limits break V8. null: no limit. */
  readonly memoryBytes: number | null
  readonly signal?: AbortSignal | undefined
}

/** What a process can be asked to do. Input and output are plain data. */
export interface Task<Input, Output> {
  readonly id: string
  /** URL of the module that exports it: the process imports that and no more. */
  readonly module: string
  /** Called in the trial's process. */
  run(input: Input): Promise<Output>
}

/** `module`: the `import.meta.url` of the file that exports it. */
export const defineTask = <Input, Output>(
  id: string,
  module: string,
  run: (input: Input) => Promise<Output>,
): Task<Input, Output> => ({ id, module, run })

/** Never throws, but for an aborted signal. */
export type RunTrial = <Input, Output>(task: Task<Input, Output>, input: Input, limits: TrialLimits) => Promise<Trial<Output>>

/** Where trials run. */
export interface TrialRunner {
  readonly run: RunTrial
  /** The machine that they run on, with what engines there can use; absent: this one. */
  readonly machine?: (accelerators: readonly string[]) => Machine
  /** Nothing else is measured there while `work` runs, as far as that can be had. */
  alone<T>(work: () => Promise<T>, told: LockNotices): Promise<T>
}

export interface LockNotices {
  /** When waiting for another measurement begins, and again after a long wait. `pid` null: it does not say who it is. */
  readonly onWait: (holder: { readonly pid: number | null; readonly waitedMs: number }) => void
  /** Called with the reason if nothing keeps others away; the work goes on. */
  readonly onUnlocked: (reason: string) => void
}

/** Why a trial gave no measurement, as its reader would say it. */
export function reasonOf(trial: NotMeasured): string {
  switch (trial.outcome) {
    case 'timed-out':
      return `it did not end within ${Math.round(trial.limitMs / 1000)} s`
    case 'out-of-memory':
      return `it used ${bytes(trial.usedBytes)} of memory, above the limit of ${bytes(trial.limitBytes)}`
    default:
      return trial.reason
  }
}

/** The same, with the engine's words reduced to what they say and the node that they are about. */
export const reasonInWords = (trial: NotMeasured): string => engineWordsOnNode(reasonOf(trial))
