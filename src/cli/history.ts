// `whyslow history [MODEL]`: what --save kept, or a store.
import { renderHistory } from '../report/text/history-text.ts'
import { documentOutput } from './document-output.ts'
import type { Surroundings } from './stages.ts'

export interface HistoryFlags {
  readonly store?: string
  readonly json?: string
  readonly markdown?: boolean
}

/** Throws InputError where the history cannot be read. A model that is gone is found by its path. */
export async function runHistory(
  model: string | undefined,
  flags: HistoryFlags,
  { screen, load }: Pick<Surroundings, 'screen' | 'load'>,
): Promise<void> {
  const output = documentOutput(flags, ...(model === undefined ? [] : [model]))
  const { readHistory, readStore } = await load()
  const document = flags.store === undefined ? await readHistory(model ?? null) : await readStore(flags.store, model ?? null)
  await output.deliver(screen, { document, name: 'history', text: () => renderHistory(document, model ?? null, screen) })
}
