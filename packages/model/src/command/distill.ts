// `whyslow distill MODEL`: a simpler model that predicts nearly the same. Here: paths, files and what goes to the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderDistill } from '@whyslow/report/text/distill-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Usual loss of the metric: a point, which few users notice. */
const USUAL_LOSS = 0.01

/** Runs the command. Throws UsageError or InputError if input or paths cannot be used; nothing is written then. */
export async function runDistill(file: string, flags: FlagsOf<'distill'>, around: Surroundings): Promise<void> {
  checkModel(file, {})
  const { data, ...options } = { labels: null, out: null, force: false, maxLoss: USUAL_LOSS, ...optionsOf('distill', flags) }
  if (data === undefined) throw new UsageError('distill: give rows that the model was not trained on, as in --data labelled.csv')
  await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'distill document',
    run: ({ distill }, { signal }, { listeners }) => distill(file, { ...options, data, signal, ...listeners }),
    text: (document) => `${renderDistill(document, around.screen.width)}\n`,
  })
}
