// `whyslow fleet history [MODEL]`: what --save kept, or a store.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { tableFiles, writeTable } from '@whyslow/command/terminal/table-output.ts'
import { renderHistory } from '@whyslow/report/text/history-text.ts'
import { historyTable } from '@whyslow/report/text/tables/history-table.ts'
import type { FlagsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws InputError if the history cannot be read. A model that is gone is found by its path. */
export async function runHistory(
  model: string | undefined,
  flags: FlagsOf<'history'>,
  { screen, load }: Pick<Surroundings, 'screen' | 'load'>,
): Promise<void> {
  const output = documentOutput(flags, model === undefined ? [] : [model], tableFiles(flags))
  const { readHistory, readStore } = await load()
  const document = flags.store === undefined ? await readHistory(model ?? null) : await readStore(flags.store, model ?? null)
  await writeTable(output, () => historyTable(document), load)
  await output.deliver(screen, { document, name: 'history', text: () => renderHistory(document, model ?? null, screen) })
}
