// `whyslow fleet MODEL…`: models on engines and batches, on this machine, one after the other. Here: paths, files and the screen.
import { renderStudy } from '../../report/text/study-text.ts'
import { documentOutput } from '../document-output.ts'
import { checkModel, type ModelFlags, modelOptions } from '../model-flags.ts'
import { openProgress } from '../progress.ts'
import type { Surroundings } from '../stages.ts'
import { UsageError } from '../usage-error.ts'
import { fleetKey, queueAddress, sharedFolder } from './shared-flags.ts'

export interface FleetFlags extends Omit<ModelFlags, 'batch'> {
  readonly engines?: readonly string[]
  readonly batch?: readonly number[]
  readonly size?: readonly { readonly height: number; readonly width: number }[]
  readonly price?: ReadonlyMap<string, number>
  readonly queue?: string
  readonly machines?: readonly string[]
  readonly models?: string
  readonly keyFile?: string
  readonly priority?: number
  readonly store?: string
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
}

/** Throws UsageError or InputError where the input or the paths cannot be used. */
export async function runFleet(
  models: readonly string[],
  flags: FleetFlags,
  { screen, signal, load }: Surroundings,
): Promise<void> {
  for (const file of models) checkModel(file, flags)
  const { batch, size, ...others } = flags
  if (flags.engine !== undefined) throw new UsageError('--engine: fleet takes --engines, one or several')
  const output = documentOutput(flags, ...models)
  const progress = openProgress(screen, flags.progress)
  const options = {
    ...modelOptions(others),
    ...(flags.engines === undefined ? {} : { engines: flags.engines }),
    ...(batch === undefined ? {} : { batches: batch }),
    sizes: size ?? [],
    prices: flags.price ?? new Map(),
    store: flags.store ?? null,
    onProgress: progress.show,
    signal,
  }
  const through = queueOf(flags)
  const { fleet, fleetByQueue } = await load()
  const measuring = through === undefined ? fleet(models, options) : fleetByQueue(models, options, through)
  const document = await measuring.finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'study document', text: () => renderStudy(document, screen) })
}

/** The flags of what names files of this machine, or has no place in a job. */
function notCarried({ ort, browser, openvino, litert, python, ...flags }: FleetFlags): readonly string[] {
  const places = { '--ort': ort, '--browser': browser, '--openvino': openvino, '--litert': litert, '--python': python }
  const others = {
    '--config': flags.config,
    '--pictures': flags.pictures,
    '--save-inputs': flags.saveInputs,
    '--memory-limit': flags.memoryLimit,
    '--graph-optimization': flags.graphOptimization === 'all' ? undefined : flags.graphOptimization,
  }
  return Object.entries({ ...places, ...others }).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
}

/** undefined: on this machine. */
function queueOf(flags: FleetFlags) {
  const { machines, models, keyFile, priority } = flags
  const alone = machines ? '--machines' : models ? '--models' : keyFile ? '--key-file' : priority ? '--priority' : undefined
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
    throw new UsageError('--store with --queue: agents keep what they measure; give --store to whyslow agent')
  const lost = notCarried(flags)
  if (lost.length > 0)
    throw new UsageError(`${lost.join(', ')}: a trial in a queue does not carry it; leave it out, or measure without --queue`)
  return { queue, machines: machines ?? null, models: sharedFolder(models), key: fleetKey(keyFile), priority: priority ?? 5 }
}
