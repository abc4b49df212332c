// `whyslow explain`: the same diagnosis from what was saved.

import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { assembleReport } from './assemble-report.ts'

/** Diagnoses again from saved measurements. Needs no engine and no model; measures nothing. */
export function explain(evidence: Evidence): ReportDocument {
  return assembleReport(evidence)
}
