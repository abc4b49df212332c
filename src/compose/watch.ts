// `watch` with what it needs of the product that measures servers.
import { sendModestly } from '../commands/load/modest-load.ts'
import type { WatchOptions } from '../commands/watch/options.ts'
import { watch as watchCommand } from '../commands/watch/watch.ts'

/** Starts the user's command and watches it while requests arrive. Throws as `watchCommand` does. */
export const watch = (command: readonly string[], options: Partial<WatchOptions> = {}): ReturnType<typeof watchCommand> =>
  watchCommand(command, options, { drive: sendModestly })
