// The estimate for a machine on which nothing of the model was measured. Never a measurement.
import type { ReportEngine, ReportMachine, ReportModel } from './report.ts'

export interface EstimateDocument {
  readonly schema: 'whyslow-foretold/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly model: ReportModel | null
  readonly engine: ReportEngine | null
  readonly from: ReportMachine
  readonly to: ReportMachine
  readonly here: { readonly p50Ms: number; readonly ciLowMs: number; readonly ciHighMs: number }
  readonly there: {
    readonly basis: 'estimated' | 'measured' // measured: a known document has this model on that machine
    readonly p50Ms: number
    readonly lowMs: number
    readonly highMs: number
    readonly grade: 'A' | 'B' | 'C' | 'D' // D: bounds alone, since nothing is known of other machines
  }
  readonly parts: readonly {
    readonly part: 'arithmetic' | 'memory' | 'starts and calls'
    readonly hereMs: number
    readonly thereMs: number
  }[] // add up to both p50s where estimated
  readonly known: { readonly pairs: number; readonly medianError: number } | null // how well this did on machines that are known; null: none are
  readonly notes: readonly string[]
}
