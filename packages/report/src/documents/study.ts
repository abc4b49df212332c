// The study document, version 1: models on machines, one report for each cell that was measured. What `fleet` and `study` write.
import type { ReportDocument } from './report.ts'

export interface StudyDocument {
  readonly schema: 'whyslow-study/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly reports: readonly ReportDocument[]
  readonly machines: readonly StudyMachine[] // the columns of the table, in its order
  readonly failures: readonly StudyFailure[]
  readonly table: {
    readonly reference: string | null // the machine that ratios are to; null: nothing was measured
    readonly rows: readonly StudyRow[]
    // what no other model or machine beats in all of these. latency; samples/s, or a million where each machine has its price; accuracy or the error if it is known
    readonly pareto?: {
      readonly axes: readonly string[]
      readonly front: readonly StudyPlace[]
      readonly dominated: readonly { readonly place: StudyPlace; readonly by: StudyPlace }[]
    }
  }
  readonly sentences: readonly string[] // what stands out between machines
  readonly warnings: readonly string[]
}

export interface StudyFailure {
  readonly model: string // the file
  readonly engine: string
  readonly batch: number | null // null: the model's own
  readonly machine: string | null // one of machines; null: not known
  readonly reason: string
}

export interface StudyPlace {
  readonly row: number // in rows
  readonly machine: string // its id
}

export interface StudyMachine {
  readonly id: string // its class and key, and the threads where they were told
  readonly class: string // by instruction set and CPUs, as x64-avx512_vnni-8c; of what an accelerator computed, as cuda-nvidia-a10
  readonly key: string // of report.machine
  readonly cpu: string
  readonly usableCpus: number
  readonly quotaCpus: number | null
  readonly threads: number | null // that the engine was told; null: left to it
  readonly pricePerHour: number | null
}

export interface StudyRow {
  readonly model: string // the file
  readonly sha256: string
  readonly engine: string
  readonly engineVersion?: string // another version is another row
  readonly batch: number | null // samples in a prediction, where one was told
  readonly inputs: string
  readonly cells: readonly StudyCell[] // one for each machine, in their order
}

export interface StudyCell {
  readonly machine: string // its id
  readonly report: number | null // in reports; null: not measured there
  readonly p50Ms: number | null
  readonly ciLowMs: number | null
  readonly ciHighMs: number | null
  readonly trust: string | null
  readonly ratio: number | null // the reference's p50 over this one's: above 1 is faster than there
  readonly ratioLow: number | null
  readonly ratioHigh: number | null
  readonly onFront: boolean | null // no other machine of the row is as fast and cheaper, or as cheap and faster; null: not measured, or no price
  readonly samplesPerSecond?: number | null // one prediction after the other
  readonly metric?: { readonly name: string; readonly value: number; readonly rows: number } | null // on the labels of --data
  readonly costPerMillion: number | null // of samples, in the unit of the price, one prediction after the other on the whole machine
  readonly reason: string | null // why it was not measured
}
