// `whyslow machine`: facts and measured roofs of this computer.
import { renderMachine } from '../report/text/machine-text.ts'
import { documentOutput } from './document-output.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'

export interface MachineFlags {
  readonly json?: string
  readonly refresh?: boolean
  readonly threads?: number
  readonly ort?: string
  readonly progress: boolean
}

/** Runs the command; `--json` writes the machine part of a report document and the engine that gave the roofs. */
export async function runMachine(flags: MachineFlags, { screen, signal, load }: Surroundings): Promise<void> {
  const output = documentOutput(flags)
  const { describeMachine } = await load()
  const progress = openProgress(screen, flags.progress)
  const cache = flags.refresh ? 'refresh' : 'use'
  const options = { threads: flags.threads ?? null, ort: flags.ort ?? null, cache, onProgress: progress.show, signal } as const
  const machine = await describeMachine(options).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document: machine, name: 'machine', text: () => renderMachine(machine, screen) })
}
