// `whyslow history [MODEL]`: what --save kept.
import { renderHistory } from '../report/history-text.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { checkTarget, writeTarget } from './write-file.ts'

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
  const json = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', model ?? '')
  const { readHistory } = await load()
  const document = await readHistory(model ?? null)
  const text = `${JSON.stringify(document, null, 2)}\n`
  if (json !== undefined) writeTarget(json, text, '--json')
  await screen.print(flags.json === '-' ? text : renderHistory(document, model ?? null, screen))
  if (json !== undefined) screen.say(`whyslow: wrote history: ${flags.json}\n`)
}
