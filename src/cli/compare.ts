// `whyslow compare MODEL…`: one model on several engines, or several models. Here: paths, files and what goes to the screen.
import { renderComparison } from '../report/text/comparison-text.ts'
import { documentOutput } from './document-output.ts'
import { metricOf } from './metric.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'

/** The options of the command, parsed. */
export interface CompareFlags extends Omit<ModelFlags, 'batch'> {
  readonly engines?: readonly string[]
  readonly batch?: readonly number[]
  readonly rounds?: number
  readonly limit?: number
  readonly metric?: string
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
  readonly save?: boolean
}

/** Runs the command. Throws UsageError or InputError where the input or the paths cannot be used. */
export async function runCompare(
  files: readonly string[],
  flags: CompareFlags,
  { screen, signal, load }: Surroundings,
): Promise<void> {
  for (const file of files) checkModel(file, flags)
  const { batch, ...others } = flags
  const metric = metricOf(flags)
  const output = documentOutput(flags, ...files)
  const progress = openProgress(screen, flags.progress)
  const options = {
    ...modelOptions(others),
    engines: flags.engines ?? null,
    batches: batch ?? null,
    rounds: flags.rounds ?? null,
    ...(flags.limit === undefined ? {} : { limitSeconds: flags.limit }),
    metric,
    onProgress: progress.show,
    signal,
  }
  const { compare, checkHistory, appendHistory, entriesOf } = await load()
  if (flags.save) checkHistory()
  const comparison = await compare(files, options).finally(progress.clear)
  signal.throwIfAborted()
  if (flags.save) appendHistory(entriesOf(comparison))
  const text = () => renderComparison(comparison, screen)
  const saved = flags.save ? ['history'] : []
  await output.deliver(screen, { document: comparison, name: 'comparison document', text, others: saved })
}
