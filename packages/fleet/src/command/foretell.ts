// `whyslow fleet estimate MODEL --machine FILE`: the latency on a machine of which only its description is known.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderEstimate } from '@whyslow/report/text/foretold-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError if the input or the paths cannot be used. */
export async function runEstimate(file: string, flags: FlagsOf<'foretell'>, around: Surroundings): Promise<void> {
  checkModel(file, flags)
  const { machine, known = [], ...options } = optionsOf('foretell', flags)
  if (machine === undefined)
    throw new UsageError('fleet estimate needs the other machine: give --machine with what whyslow doctor --json wrote there')
  await measureAndDeliver(flags, around, {
    inputs: [file, machine, ...known],
    name: 'estimate',
    run: ({ estimate }, listeners) => estimate(file, { ...options, machine, known, ...listeners }),
    text: (document) => renderEstimate(document, around.screen),
  })
}
