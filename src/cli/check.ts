// `whyslow check MODEL`: exit code 3 where the model has become slower than it may.
import { renderCheck } from '../report/text/verdict-text.ts'
import { documentOutput } from './document-output.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'
import { GoalMissed, UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface CheckFlags extends ModelFlags {
  readonly baseline?: string
  readonly against?: string
  readonly failAbove: number
  readonly rounds?: number
  readonly allowOtherMachine?: boolean
  readonly json?: string
  readonly markdown?: boolean
}

/** Throws UsageError or InputError where the input cannot be used, GoalMissed where the model is too slow. */
export async function runCheck(file: string, flags: CheckFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  if ((flags.baseline === undefined) === (flags.against === undefined))
    throw new UsageError('check compares with one thing: give --baseline base.onnx, or --against report.json')
  if (flags.baseline !== undefined) checkModel(flags.baseline, flags)
  const output = documentOutput(flags, file)
  const progress = openProgress(screen, flags.progress)
  const options = {
    ...modelOptions(flags),
    baseline: flags.baseline ?? null,
    against: flags.against ?? null,
    failAbove: flags.failAbove,
    rounds: flags.rounds ?? null,
    allowOtherMachine: flags.allowOtherMachine ?? false,
    onProgress: progress.show,
    signal,
  }
  const { check } = await load()
  const document = await check(file, options).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'check document', text: () => renderCheck(document, screen) })
  if (document.verdict === 'above') throw new GoalMissed(`--fail-above ${flags.failAbove}: ${document.answer}`)
}
