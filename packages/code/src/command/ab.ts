// `whyslow ab A B`: two implementations, and which of them is faster. Here: paths, files and what goes to the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderAb } from '@whyslow/report/text/ab-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Four pairs and more can decide. */
const LEAST_PAIRS = 4

/** Throws UsageError or InputError if the programs cannot be used. */
export async function runAb(a: string, b: string, flags: FlagsOf<'ab'>, around: Surroundings): Promise<void> {
  if (flags.runs !== undefined && flags.runs < LEAST_PAIRS)
    throw new UsageError(`--runs ${flags.runs}: fewer than ${LEAST_PAIRS} pairs decide nothing; give more`)
  await measureAndDeliver(flags, around, {
    inputs: [a, b],
    name: 'ab document',
    run: ({ ab }, listeners) => ab([a, b], { ...optionsOf('ab', flags), ...listeners }),
    text: (document) => renderAb(document, around.screen),
  })
}
