// `whyslow engines`: what is here, what is not, why, and how to get it.
import { renderEngines } from '../report/engines-text.ts'
import { renderJson } from '../report/json.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { checkTarget, writeTarget } from './write-file.ts'

export interface EnginesFlags {
  readonly json?: string
  readonly ort?: string
  readonly browser?: string
  readonly progress: boolean
}

export async function runEngines(
  flags: EnginesFlags,
  screen: Screen,
  signal: AbortSignal,
  load: () => Promise<Stages>,
): Promise<void> {
  const target = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', '')
  const { listEngines } = await load()
  const progress = openProgress(screen, flags.progress)
  const found = await listEngines({
    ort: flags.ort ?? null,
    browser: flags.browser ?? null,
    onProgress: progress.show,
    signal,
  }).finally(progress.clear)
  signal.throwIfAborted()
  const text = renderJson(found)
  if (target !== undefined) writeTarget(target, text, '--json')
  await screen.print(flags.json === '-' ? text : renderEngines(found, screen))
  if (target !== undefined) screen.say(`whyslow: wrote engines: ${flags.json}\n`)
}
