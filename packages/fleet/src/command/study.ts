// `whyslow fleet report FILE…`: architectures by hardware, from documents that were kept.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { tableFiles, writeTable } from '@whyslow/command/terminal/table-output.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderStudy } from '@whyslow/report/text/study-text.ts'
import { studyTable } from '@whyslow/report/text/tables/study-table.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws InputError if a file holds no reports. */
export async function runStudy(
  files: readonly string[],
  flags: FlagsOf<'study'>,
  { screen, load }: Pick<Surroundings, 'screen' | 'load'>,
): Promise<void> {
  const output = documentOutput(flags, files, tableFiles(flags))
  const { study } = await load()
  if (files.length === 0 && flags.store === undefined)
    throw new UsageError('fleet report needs documents, or a store: give what --json wrote, or --store results.sqlite')
  const document = await study(files, optionsOf('study', flags))
  await writeTable(output, () => studyTable(document), load)
  await output.deliver(screen, { document, name: 'study document', text: () => renderStudy(document, screen) })
}
