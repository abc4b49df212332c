// `whyslow embed FOLDER`: where the milliseconds of a text go. Here: what was typed, paths and what goes to the screen.
import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { renderEmbedding } from '@whyslow/report/text/embedding/embedding-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws UsageError or InputError if what was typed cannot be used, or if nothing there reads texts. */
export async function runEmbed(target: string, flags: FlagsOf<'embed'>, around: Surroundings): Promise<void> {
  await measureAndDeliver(flags, around, {
    inputs: [target, flags.texts],
    name: 'embedding document',
    run: ({ embed }, listeners) => embed(target, { ...optionsOf('embed', flags), ...listeners }),
    text: (document) => renderEmbedding(document, around.screen),
  })
}
