// A row of the report's trials, as those write it who try remedies: no field left out.
import type { ReportTrial } from './report.ts'

export type TrialRow = Required<ReportTrial>
