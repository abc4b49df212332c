// `whyslow lint` on a generator of text. Here: what was typed, and what goes to the screen.
import { type DocumentFlags, measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import type { Loudness } from '@whyslow/command/terminal/progress.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderLint } from '@whyslow/report/text/lint-text.ts'
import type { Surroundings } from './stages.ts'

export interface GeneratorLintFlags extends DocumentFlags, Loudness {
  readonly out?: string
  readonly repair?: boolean
}

/** Throws UsageError or InputError if what was typed cannot be used. */
export async function runLintGenerator(source: string, flags: GeneratorLintFlags, around: Surroundings): Promise<void> {
  if (flags.repair === true || flags.out !== undefined)
    throw new UsageError(`lint only reads; to make ${source} faster: whyslow fix ${source} -o fast/`)
  await measureAndDeliver(flags, around, {
    inputs: [source],
    name: 'lint document',
    run: ({ lintGenerator }) => lintGenerator(source),
    text: (document) => renderLint(document, around.screen),
  })
}
