// `whyslow ab A B`: two implementations, and which of them is faster. Here: paths, files and what goes to the screen.
import { renderAb } from '../report/text/ab-text.ts'
import { documentOutput } from './document-output.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'

/** The options of the command, parsed. */
export interface AbFlags {
  readonly data?: string
  readonly call?: string
  readonly python?: string
  readonly pairs?: number
  readonly quick?: boolean
  readonly tolerance?: number
  readonly limit?: number
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
  readonly progress: boolean
}

/** Four pairs and more can decide. */
const LEAST_PAIRS = 4

/** Throws UsageError or InputError where the programs cannot be used. */
export async function runAb(a: string, b: string, flags: AbFlags, { screen, signal, load }: Surroundings): Promise<void> {
  if (flags.pairs !== undefined && flags.pairs < LEAST_PAIRS)
    throw new UsageError(`--pairs ${flags.pairs}: fewer than ${LEAST_PAIRS} decide nothing; give more`)
  const output = documentOutput(flags, a, b)
  const progress = openProgress(screen, flags.progress)
  const options = {
    data: flags.data ?? null,
    call: flags.call ?? null,
    python: flags.python ?? null,
    pairs: flags.pairs ?? null,
    quick: flags.quick ?? false,
    tolerance: flags.tolerance ?? null,
    ...(flags.limit === undefined ? {} : { limitSeconds: flags.limit }),
    onProgress: progress.show,
    signal,
  }
  const { ab } = await load()
  const document = await ab([a, b], options).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'ab document', text: () => renderAb(document, screen) })
}
