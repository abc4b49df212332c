// `whyslow load TARGET`: predictions under load. Here: what was typed, paths and what goes to the screen.

import { annotate } from '@whyslow/command/terminal/annotations.ts'
import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { GoalMissed } from '@whyslow/command/terminal/usage-error.ts'
import { rateInWords } from '@whyslow/measure/statistics/numbers.ts'
import { objectiveVerdict } from '@whyslow/report/documents/load.ts'
import { renderLoad } from '@whyslow/report/text/load-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError if what was typed cannot be used or nothing answers, GoalMissed if the objective is missed. */
export async function runLoad(target: string, flags: FlagsOf<'load'>, around: Surroundings): Promise<void> {
  const document = await measureAndDeliver(flags, around, {
    inputs: [target],
    name: 'load document',
    run: ({ load }, listeners) => load(target, { ...optionsOf('load', flags), ...listeners }),
    text: (run) => renderLoad(run, around.screen),
  })
  const rate = flags.rate === undefined ? null : Math.max(...flags.rate)
  const verdict = objectiveVerdict(document, rate)
  if (verdict === 'unclear') annotate('warning', document.answer, around.screen)
  if (verdict !== 'missed') return
  const asked = rate === null ? '' : ` at ${rateInWords(rate)} requests/s`
  throw new GoalMissed(`--slo ${flags.slo}: missed${asked}. ${document.answer}`)
}
