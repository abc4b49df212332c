// `whyslow fleet worker`: this machine takes trials from a queue until it is interrupted. Here: its key, its folder, its log.

import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { FlagsOf } from './flags.ts'
import { fleetKey, queueAddress, sharedFolder } from './shared-flags.ts'
import type { Surroundings } from './stages.ts'

/** Ends when it is interrupted. Throws UsageError or InputError if the queue, the store or the folder cannot be used. */
export async function runAgent(flags: FlagsOf<'agent'>, { screen, signal, load }: Surroundings): Promise<void> {
  const queue = queueAddress(flags.queue)
  if (queue === undefined)
    throw new UsageError('fleet worker needs a queue: give its address, as in --queue redis://host:6379, or set WHYSLOW_QUEUE')
  const models = sharedFolder(flags.sharedModels)
  const { agent } = await load()
  const log = (line: string) => screen.say(`${new Date().toISOString().slice(0, 19)}Z ${line}\n`)
  await agent({ queue, models, key: fleetKey(flags.keyFile), store: flags.store ?? null, log, signal })
}
