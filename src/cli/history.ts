// `whyslow history [MODEL]`: what --save kept.
import { renderHistory } from '../report/text/history-text.ts'
import { documentOutput } from './document-output.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'

export interface HistoryFlags {
  readonly json?: string
}

/** Throws InputError where the history cannot be read. A model that is gone is found by its path. */
export async function runHistory(
  model: string | undefined,
  flags: HistoryFlags,
  screen: Screen,
  load: () => Promise<Stages>,
): Promise<void> {
  const output = documentOutput(flags.json, ...(model === undefined ? [] : [model]))
  const { readHistory } = await load()
  const document = await readHistory(model ?? null)
  await output.deliver(screen, document, 'history', () => renderHistory(document, model ?? null, screen))
}
