// `whyslow check MODEL`: exit code 3 where the model has become slower than it may.

import { annotate } from '@whyslow/command/terminal/annotations.ts'
import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { GoalMissed, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderCheck } from '@whyslow/report/text/verdict-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError if the input cannot be used, GoalMissed where the model is too slow. */
export async function runCheck(file: string, flags: FlagsOf<'check'>, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  if ((flags.baseline === undefined) === (flags.against === undefined))
    throw new UsageError('check compares with one thing: give --baseline base.onnx, or --against report.json')
  if (flags.baseline !== undefined) checkModel(flags.baseline, flags)
  const document = await measureAndDeliver(flags, around, {
    inputs: [file, flags.baseline, flags.against],
    name: 'check document',
    run: ({ check }, listeners) => check(file, { ...optionsOf('check', flags), ...listeners }),
    text: (checked) => renderCheck(checked, around.screen),
  })
  if (document.verdict === 'unclear') annotate('warning', document.answer, around.screen)
  if (document.verdict === 'above') throw new GoalMissed(`--fail-above ${flags.failAbove}: ${document.answer}`)
}
