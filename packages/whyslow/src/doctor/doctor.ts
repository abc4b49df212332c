// `whyslow doctor`: the machine, how quiet it is, and the engines that are installed or not.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkPlaces } from '@whyslow/command/terminal/model-flags.ts'
import { renderDoctor } from '@whyslow/report/text/machine-text.ts'
import { type FlagsOf, optionsOf } from '../options/flags.ts'
import type { Surroundings } from '../stages.ts'

/** Runs the command; what `--json` writes is what `--machine` of other commands reads. */
export async function runDoctor(flags: FlagsOf<'doctor'>, around: Surroundings): Promise<void> {
  checkPlaces(flags)
  await measureAndDeliver(flags, around, {
    inputs: [],
    name: 'machine and engines',
    run: ({ doctor }, listeners) => doctor({ ...optionsOf('doctor', flags), ...listeners }),
    text: (document) => renderDoctor(document, around.screen),
  })
}
