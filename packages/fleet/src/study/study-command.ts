// `study`: architectures by hardware, from documents that were kept and from the history that machines share.
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { storedReports } from '../store/store.ts'
import { readReports } from './read-documents.ts'
import { studyOf } from './study.ts'

export interface StudyOptions {
  readonly prices: ReadonlyMap<string, number>
  readonly reference: string | null
  /** PostgreSQL or a SQLite file; null: the documents alone. */
  readonly store: string | null
}

/** Throws InputError if a file holds no reports, or the store cannot be used. */
export async function study(
  files: readonly string[],
  { prices = new Map(), reference = null, store: url = null }: Partial<StudyOptions>,
): Promise<StudyDocument> {
  const { reports, failures, warnings } = readReports(files)
  const kept = url === null ? { reports: [], warnings: [] } : await storedReports(url)
  return studyOf({
    reports: [...reports, ...kept.reports],
    failures,
    warnings: [...warnings, ...kept.warnings],
    prices,
    reference,
  })
}
