// How the engine of a study's row is called.
import type { StudyRow } from '../documents/study.ts'

/** The engine, with its version if the table has several of it. */
export function engineOf({ engine, engineVersion }: StudyRow, rows: readonly StudyRow[]): string {
  const isOnly = rows.every((row) => row.engine !== engine || row.engineVersion === engineVersion)
  return isOnly || engineVersion === undefined ? engine : `${engine} ${engineVersion}`
}
