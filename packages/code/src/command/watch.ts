// `whyslow -- COMMAND`: the user's own server, started as it is and watched. Here: what was typed, signals, and what goes to the screen.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { openProgress } from '@whyslow/command/terminal/progress.ts'
import type { Screen } from '@whyslow/command/terminal/screen.ts'
import type { Patience } from '@whyslow/command/terminal/supervise.ts'
import { renderWatch } from '@whyslow/report/text/watch/watch-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Calls } from './stages.ts'

export interface WatchSurroundings {
  readonly screen: Screen
  readonly load: () => Promise<Pick<Calls, 'watch'>>
  /** Resolves with what ends the watch; called once. Absent: a signal to this process. */
  readonly ended?: () => Promise<string>
}

/** The command is asked to end, and what was seen is read. */
const END_GRACE_MS = 20_000

/** Runs the command and prints what was seen. Throws UsageError or InputError if it cannot be started, or if there was nothing to see. */
export async function runWatch(
  command: readonly string[],
  flags: FlagsOf<'watch'>,
  { screen, load, ended = firstSignal }: WatchSurroundings,
): Promise<void> {
  const output = documentOutput(flags)
  const progress = openProgress(screen, { ...flags, progress: flags.progress && flags.url !== undefined })
  const { watch } = await load()
  const options = { ...optionsOf('watch', flags), stopped: ended(), onProgress: progress.show }
  const document = await watch(command, options).finally(progress.clear)
  await output.deliver(screen, { document, name: 'watch document', text: () => renderWatch(document, screen) })
}

/** A signal is how the user says that enough was seen; a second one ends everything at once. */
function firstSignal(): Promise<string> {
  process.send?.({ graceMs: END_GRACE_MS } satisfies Patience)
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}
