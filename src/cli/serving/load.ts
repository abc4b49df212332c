// `whyslow load TARGET`: predictions under load. Here: what was typed, paths and what goes to the screen.
import { renderLoad } from '../../report/text/load-text.ts'
import { measureAndDeliver } from '../../terminal/document-output.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError where what was typed cannot be used, or nothing answers. */
export async function runLoad(target: string, flags: FlagsOf<'load'>, around: Surroundings): Promise<void> {
  await measureAndDeliver(flags, around, {
    inputs: [target],
    name: 'load document',
    run: ({ load }, listeners) => load(target, { ...optionsOf('load', flags), ...listeners }),
    text: (document) => renderLoad(document, around.screen),
  })
}
