// `whyslow load TARGET`: predictions under load. Here: what was typed, paths and what goes to the screen.
import { renderLoad } from '../../report/text/load-text.ts'
import { documentOutput } from '../document-output.ts'
import { type InputFlags, inputOptions } from '../model-flags.ts'
import { oneOf } from '../options/one-of.ts'
import { openProgress } from '../progress.ts'
import type { Surroundings } from '../stages.ts'

/** The options of the command, parsed. */
export interface LoadFlags extends InputFlags {
  readonly rate?: readonly number[]
  readonly clients?: readonly number[]
  readonly arrivals: string
  readonly seconds?: number
  readonly seed?: number
  readonly slo?: string
  readonly budget?: number
  readonly body?: readonly string[]
  readonly header?: readonly string[]
  readonly method?: string
  readonly timeout?: number
  readonly protocol?: string
  readonly workers?: number
  readonly threads?: number
  readonly engine?: string
  readonly queue?: number
  readonly maxBatch?: number | 'auto'
  readonly batchDelay?: number
  readonly deadline?: number
  readonly alternatives?: boolean
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
  readonly progress: boolean
}

/** Runs the command. Throws UsageError or InputError where what was typed cannot be used, or nothing answers. */
export async function runLoad(
  target: string,
  flags: LoadFlags,
  { screen, signal, load: loadStages }: Surroundings,
): Promise<void> {
  const protocol = oneOf(['http', 'oip'], flags.protocol ?? 'http', '--protocol')
  const output = documentOutput(flags)
  const progress = openProgress(screen, flags.progress)
  const { load } = await loadStages()
  const document = await load(target, {
    rates: flags.rate ?? [],
    clients: flags.clients ?? [],
    arrivals: flags.arrivals,
    seconds: flags.seconds ?? null,
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    slo: flags.slo ?? null,
    budgetSeconds: flags.budget ?? null,
    bodies: flags.body ?? [],
    headers: flags.header ?? [],
    method: flags.method ?? null,
    ...(flags.timeout === undefined ? {} : { timeoutSeconds: flags.timeout }),
    protocol,
    workers: flags.workers ?? null,
    threads: flags.threads ?? null,
    engine: flags.engine ?? null,
    queue: flags.queue ?? null,
    maxBatch: flags.maxBatch ?? null,
    batchDelayMs: flags.batchDelay === undefined ? null : flags.batchDelay * 1000,
    deadlineSeconds: flags.deadline ?? null,
    alternatives: flags.alternatives ?? true,
    ...inputOptions(flags),
    onProgress: progress.show,
    signal,
  }).finally(progress.clear)
  signal.throwIfAborted()
  await output.deliver(screen, { document, name: 'load document', text: () => renderLoad(document, screen) })
}
