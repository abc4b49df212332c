// `whyslow compare MODEL…`: one model on several engines, or several models. Here: paths, files and what goes to the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { renderComparison } from '@whyslow/report/text/comparison-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError if the input or the paths cannot be used. */
export async function runCompare(files: readonly string[], flags: FlagsOf<'compare'>, around: Surroundings): Promise<void> {
  for (const file of files) checkModel(file, flags)
  await measureAndDeliver(flags, around, {
    inputs: files,
    name: 'comparison document',
    others: flags.save ? ['history'] : [],
    async run({ compare, checkHistory, appendHistory, entriesOf }, listeners) {
      if (flags.save) checkHistory()
      const comparison = await compare(files, { ...optionsOf('compare', flags), ...listeners })
      listeners.signal.throwIfAborted()
      if (flags.save) appendHistory(entriesOf(comparison))
      return comparison
    },
    text: (comparison) => renderComparison(comparison, around.screen),
  })
}
