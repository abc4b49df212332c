// `whyslow engines`: what is installed, what is not, why, and how to get it.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkPlaces } from '@whyslow/command/terminal/model-flags.ts'
import { renderEngines } from '@whyslow/report/text/engines-text.ts'
import { type FlagsOf, optionsOf } from '../options/flags.ts'
import type { Surroundings } from '../stages.ts'

export async function runEngines(flags: FlagsOf<'engines'>, around: Surroundings): Promise<void> {
  checkPlaces(flags)
  await measureAndDeliver(flags, around, {
    inputs: [],
    name: 'engines',
    run: ({ listEngines }, listeners) => listEngines({ ...optionsOf('engines', flags), ...listeners }),
    text: (found) => renderEngines(found, around.screen),
  })
}
