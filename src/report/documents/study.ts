// The study document, version 1: models on machines, one report for each cell that was measured. What `fleet` and `study` write.
import type { ReportDocument } from './report.ts'

export interface StudyDocument {
  schema: 'whyslow-study/1'
  tool: { version: string }
  createdAt: string
  answer: string
  reports: ReportDocument[]
  machines: StudyMachine[] // the columns of the table, in its order
  failures: {
    model: string // the file
    engine: string
    batch: number | null // null: the model's own
    machine: string | null // one of machines; null: not known
    reason: string
  }[]
  table: {
    reference: string | null // the machine that ratios are to; null: nothing was measured
    rows: StudyRow[]
    // what no other model or machine beats in all of these. latency; samples/s, or a million where each machine has its price; accuracy or the error where it is known
    pareto?: {
      axes: string[]
      front: StudyPlace[]
      dominated: { place: StudyPlace; by: StudyPlace }[]
    }
  }
  sentences: string[] // what stands out between machines
  warnings: string[]
}

export interface StudyPlace {
  row: number // in rows
  machine: string // its id
}

export interface StudyMachine {
  id: string // its class and key, and the threads where they were told
  class: string // by instruction set and CPUs, as x64-avx512_vnni-8c; of what an accelerator computed, as cuda-nvidia-a10
  key: string // of report.machine
  cpu: string
  usableCpus: number
  quotaCpus: number | null
  threads: number | null // that the engine was told; null: left to it
  pricePerHour: number | null
}

export interface StudyRow {
  model: string // the file
  sha256: string
  engine: string
  engineVersion?: string // another version is another row
  batch: number | null // samples in a prediction, where one was told
  inputs: string
  cells: StudyCell[] // one for each machine, in their order
}

export interface StudyCell {
  machine: string // its id
  report: number | null // in reports; null: not measured there
  p50Ms: number | null
  ciLowMs: number | null
  ciHighMs: number | null
  trust: string | null
  ratio: number | null // the reference's p50 over this one's: above 1 is faster than there
  ratioLow: number | null
  ratioHigh: number | null
  onFront: boolean | null // no other machine of the row is as fast and cheaper, or as cheap and faster; null: not measured, or no price
  samplesPerSecond?: number | null // one prediction after the other
  metric?: { name: string; value: number; rows: number } | null // on the labels of --data
  costPerMillion: number | null // of samples, in the unit of the price, one prediction after the other on the whole machine
  reason: string | null // why it was not measured
}
