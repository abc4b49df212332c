// `whyslow study FILE…`: architectures by hardware, from documents that were kept.
import { studyCsv } from '../../report/text/study-table.ts'
import { renderStudy } from '../../report/text/study-text.ts'
import { documentOutput } from '../document-output.ts'
import type { Surroundings } from '../stages.ts'
import { UsageError } from '../usage-error.ts'
import { checkTarget, writeTarget } from '../write-file.ts'

export interface StudyFlags {
  readonly price?: ReadonlyMap<string, number>
  readonly reference?: string
  readonly store?: string
  readonly csv?: string
  readonly parquet?: string
  readonly json?: string
  readonly html?: string
  readonly markdown?: boolean
}

/** Throws InputError where a file holds no reports. */
export async function runStudy(
  files: readonly string[],
  flags: StudyFlags,
  { screen, load }: Pick<Surroundings, 'screen' | 'load'>,
): Promise<void> {
  const output = documentOutput(flags, ...files)
  const table = flags.csv === undefined ? undefined : checkTarget(flags.csv, '--csv', files[0] ?? '')
  const parquet = flags.parquet === undefined ? undefined : checkTarget(flags.parquet, '--parquet', files[0] ?? '')
  const { study, studyParquet } = await load()
  if (files.length === 0 && flags.store === undefined)
    throw new UsageError('study needs documents, or a store: give what --json wrote, or --store results.sqlite')
  const options = { prices: flags.price ?? new Map(), reference: flags.reference ?? null, store: flags.store ?? null }
  const document = await study(files, options)
  if (table !== undefined) writeTarget(table, studyCsv(document), '--csv')
  if (parquet !== undefined) writeTarget(parquet, await studyParquet(document), '--parquet')
  const others = [flags.csv, flags.parquet].flatMap((file) => (file === undefined ? [] : [`table: ${file}`]))
  await output.deliver(screen, { document, name: 'study document', text: () => renderStudy(document, screen), others })
}
