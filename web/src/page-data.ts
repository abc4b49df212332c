// What the page was given: the documents in its data block, packed where they are large, or asked of the server that the page came from.
import type { AbDocument } from '../../src/report/documents/ab.ts'
import type { ComparisonDocument } from '../../src/report/documents/comparison.ts'
import type { DistillDocument } from '../../src/report/documents/distill.ts'
import type { GapDocument } from '../../src/report/documents/gap.ts'
import type { LintDocument } from '../../src/report/documents/lint.ts'
import type { LoadDocument } from '../../src/report/documents/load.ts'
import type { ReportDocument } from '../../src/report/documents/report.ts'
import type { StudyDocument } from '../../src/report/documents/study.ts'
import { type Embedded, type Given, unpacked } from './unpacked.ts'

export type { Given }

export type Report = ReportDocument
export type Comparison = ComparisonDocument
export type Load = LoadDocument
export type Ab = AbDocument
export type Study = StudyDocument
export type Gap = GapDocument
export type Distill = DistillDocument
export type Lint = LintDocument
export type Node = ReportDocument['nodes'][number]
export type Finding = ReportDocument['findings'][number]
export type Trial = ReportDocument['trials'][number]
export type AreaKey = keyof ReportDocument['areas']

/** null: the server has them. Rejects where the block holds no documents. */
export async function embeddedData(): Promise<Given | null> {
  const block = document.getElementById('report')
  const embedded = JSON.parse(block?.textContent ?? '{}') as Embedded
  // The text is not needed twice.
  block?.remove()
  if (embedded.served) return null
  const given = await unpacked(embedded)
  if (given === null) throw new Error('this page holds no document')
  return given
}
