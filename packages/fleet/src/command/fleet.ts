// `whyslow fleet run MODEL…`: models on engines and batches, on this machine, one after the other. Here: paths, files and the screen.

import { measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { checkModel, PLACES } from '@whyslow/command/terminal/model-flags.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderStudy } from '@whyslow/report/text/study-text.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import { fleetKey, queueAddress, sharedFolder } from './shared-flags.ts'
import type { Surroundings } from './stages.ts'

type FleetFlags = FlagsOf<'fleet'>

/** Throws UsageError or InputError if the input or the paths cannot be used. */
export async function runFleet(models: readonly string[], flags: FleetFlags, around: Surroundings): Promise<void> {
  for (const file of models) checkModel(file, flags)
  const options = optionsOf('fleet', flags)
  await measureAndDeliver(flags, around, {
    inputs: models,
    name: 'study document',
    run({ fleet, fleetByQueue }, listeners) {
      const through = queueOf(flags)
      const given = { ...options, ...listeners }
      return through === undefined ? fleet(models, given) : fleetByQueue(models, given, through)
    },
    text: (document) => renderStudy(document, around.screen),
  })
}

/** What names files of this machine, or has no place in a job. */
const NOT_CARRIED = [...PLACES, 'sessionConfig', 'imagePreprocessing', 'saveInputs', 'memoryLimit'] as const

const notCarried = (flags: FleetFlags): readonly string[] => [
  ...NOT_CARRIED.filter((key) => flags[key] !== undefined).map(
    (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  ),
  ...(flags.graphOptimization === 'all' ? [] : ['--graph-optimization']),
]

/** undefined: on this machine. */
function queueOf(flags: FleetFlags) {
  const { onlyMachines: machines, sharedModels: models, keyFile, priority } = flags
  const alone = machines
    ? '--only-machines'
    : models
      ? '--shared-models'
      : keyFile
        ? '--key-file'
        : priority
          ? '--priority'
          : undefined
  // The environment's queue is meant where something else says that one is: without, this machine is measured.
  const queue = flags.queue ?? (alone === undefined ? undefined : queueAddress(undefined))
  if (queue === undefined) {
    if (alone !== undefined)
      throw new UsageError(
        `${alone} goes with --queue; give the address of a queue, as in redis://host:6379, or set WHYSLOW_QUEUE`,
      )
    return undefined
  }
  if (flags.store !== undefined)
    throw new UsageError('--store with --queue: agents keep what they measure; give --store to whyslow fleet worker')
  const lost = notCarried(flags)
  if (lost.length > 0)
    throw new UsageError(`${lost.join(', ')}: a trial in a queue does not carry it; leave it out, or measure without --queue`)
  return { queue, machines: machines ?? null, models: sharedFolder(models), key: fleetKey(keyFile), priority: priority ?? 5 }
}
