// What `foretell` says of a machine on which nothing of the model was measured. An estimate, never a measurement.
import type { ReportDocument } from './report.ts'

export interface ForetoldDocument {
  schema: 'whyslow-foretold/1'
  tool: { version: string }
  createdAt: string
  answer: string
  model: ReportDocument['model']
  engine: ReportDocument['engine']
  from: ReportDocument['machine']
  to: ReportDocument['machine']
  here: { p50Ms: number; ciLowMs: number; ciHighMs: number }
  there: {
    basis: 'estimated' | 'measured' // measured: a known document has this model on that machine
    p50Ms: number
    lowMs: number
    highMs: number
    grade: 'A' | 'B' | 'C' | 'D' // D: bounds alone, since nothing is known of other machines
  }
  parts: { part: 'arithmetic' | 'memory' | 'starts and calls'; hereMs: number; thereMs: number }[] // add up to both p50s where estimated
  known: { pairs: number; medianError: number } | null // how well this did on machines that are known; null: none are
  notes: string[]
}
