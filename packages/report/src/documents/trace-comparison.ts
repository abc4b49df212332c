// What `explain` writes of two traces: a public contract that its renderer reads.
import type { ReportDocument } from './report.ts'

export interface TraceComparisonDocument {
  readonly schema: 'whyslow-trace-comparison/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  /** Both as recorded: recording slowed both. */
  readonly reports: readonly ReportDocument[] // before, after
  readonly stepRatio: number | null // a recorded step after over one before; null: the formats or their windows cannot be compared
  /** Parts of a step, the largest change first. */
  readonly changes: readonly { readonly part: string; readonly beforeMs: number; readonly afterMs: number }[]
  /** Operators or kernels by type, the largest change first. */
  readonly operators: readonly { readonly opType: string; readonly beforeMs: number; readonly afterMs: number }[]
  readonly findings: { readonly gone: readonly string[]; readonly new: readonly string[]; readonly stayed: readonly string[] }
  readonly warnings: readonly string[]
}
