// `watch` with what it needs of the product that measures servers.

import type { WatchOptions } from '@whyslow/code/commands/watch/options.ts'
import { watch as watchCommand } from '@whyslow/code/commands/watch/watch.ts'
import { sendModestly } from '@whyslow/serving/commands/load/modest-load.ts'

/** Starts the user's command and watches it while requests arrive. Throws as `watchCommand` does. */
export const watch = (command: readonly string[], options: Partial<WatchOptions> = {}): ReturnType<typeof watchCommand> =>
  watchCommand(command, options, { drive: sendModestly })
