// One measurement in a process of its own: a model that nobody here knows is read, measured and explained there, so that one that ends the
// process, takes all its memory or never lets it go costs its trial, and not the agent.
import type { WhyOptions } from '@whyslow/command/options.ts'
import type { Why } from '@whyslow/command/why-port.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { defineTask, type RunTrial, reasonOf, type Task, type TrialLimits } from '@whyslow/measure/trials/port.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { endHungProcess } from './hang-watch.ts'

export interface WhyRequest {
  readonly file: string
  readonly options: Partial<Omit<WhyOptions, 'trials' | 'onProgress' | 'signal'>>
}

export type WhyAnswer =
  | { readonly report: ReportDocument }
  /** The input cannot be used. */
  | { readonly refused: string }

/** A model whose predictions take minutes is measured for hours; none is for longer. */
const MOST_TRIAL_MS = 24 * 3600e3

export type WhyTask = Task<WhyRequest, WhyAnswer>

/** `module`: the `import.meta.url` of the file that exports the task, which the process imports, and which knows how to measure. */
export const defineWhyTask = (module: string, { why }: { readonly why: Why }): WhyTask =>
  defineTask('why', module, async ({ file, options }) => {
    endHungProcess()
    try {
      return { report: (await why(file, options)).report }
    } catch (error) {
      if (error instanceof InputError) return { refused: error.message }
      throw error
    }
  })

/** Throws InputError if the model or the options cannot be used, or would not end; the signal's reason if it is aborted. */
export async function whyInTrial(
  { run, task }: { readonly run: RunTrial; readonly task: WhyTask },
  asked: WhyRequest,
  limits: Pick<TrialLimits, 'memoryBytes' | 'signal'>,
): Promise<ReportDocument> {
  const trial = await run(task, asked, { timeMs: MOST_TRIAL_MS, ...limits })
  if (trial.outcome !== 'measured') {
    const reason = `the process that read and measured the model did not end well: ${reasonOf(trial)}`
    // What ended on its own may have met another's fault, and is tried again.
    throw trial.outcome === 'failed' || trial.outcome === 'crashed' ? new Error(reason) : new InputError(reason)
  }
  if ('refused' in trial.value) throw new InputError(trial.value.refused)
  return trial.value.report
}
