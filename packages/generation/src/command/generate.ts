// `whyslow generate MODEL`: where the milliseconds of a token go. Here: what was typed, paths and what goes to the screen.
import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { renderGeneration } from '@whyslow/report/text/generation/generation-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError if what was typed cannot be used, or if there is no generator. */
export async function runGenerate(target: string, flags: FlagsOf<'generate'>, around: Surroundings): Promise<void> {
  await measureAndDeliver(flags, around, {
    inputs: [target, flags.prompts],
    name: 'generation document',
    run: ({ generate }, listeners) => generate(target, { ...optionsOf('generate', flags), ...listeners }),
    text: (document) => renderGeneration(document, around.screen),
  })
}
