// What `explain` writes of two traces: a public contract that its renderer reads.
import type { ReportDocument } from './report.ts'

export interface TraceComparisonDocument {
  schema: 'whyslow-trace-comparison/1'
  tool: { version: string }
  createdAt: string
  answer: string
  /** Both as recorded: recording slowed both. */
  reports: ReportDocument[] // before, after
  stepRatio: number | null // a recorded step after over one before; null: the formats or their windows cannot be compared
  /** Parts of a step, the largest change first. */
  changes: { part: string; beforeMs: number; afterMs: number }[]
  /** Operators or kernels by type, the largest change first. */
  operators: { opType: string; beforeMs: number; afterMs: number }[]
  findings: { gone: string[]; new: string[]; stayed: string[] }
  warnings: string[]
}
