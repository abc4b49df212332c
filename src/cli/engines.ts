// `whyslow engines`: what is here, what is not, why, and how to get it.
import { renderEngines } from '../report/text/engines-text.ts'
import { documentOutput } from './document-output.ts'
import { checkPlaces } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'

export interface EnginesFlags {
  readonly json?: string
  readonly ort?: string
  readonly browser?: string
  readonly openvino?: string
  readonly litert?: string
  readonly python?: string
  readonly progress: boolean
}

export async function runEngines(flags: EnginesFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkPlaces(flags)
  const output = documentOutput(flags)
  const { listEngines } = await load()
  const progress = openProgress(screen, flags.progress)
  const found = await listEngines({
    ort: flags.ort ?? null,
    browser: flags.browser ?? null,
    openvino: flags.openvino ?? null,
    litert: flags.litert ?? null,
    python: flags.python ?? null,
    onProgress: progress.show,
    signal,
  }).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document: found, name: 'engines', text: () => renderEngines(found, screen) })
}
