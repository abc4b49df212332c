// The comparison document, version 1: what `compare` writes, a public contract. One report document for each contestant that was
// measured, and what they are side by side. Units as in document.ts; absent knowledge is null with its reason next to it.
import type { ReportDocument } from './report.ts'
import type { HeadAgreement, PeaksAgreement, WeakOutput } from './trial-agreement.ts'

export interface ComparisonDocument {
  readonly schema: 'whyslow-comparison/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string // the first sentence
  readonly of: 'engines' | 'models'
  readonly reference: string // the contestant whose outputs the others' are compared with, and whose latency ratios are over
  readonly batch: number // samples in a prediction, as the inputs have it
  readonly contestants: readonly Contestant[] // as they were named
  readonly ranking: readonly {
    readonly id: string
    readonly place: number // 1 and how many are detectably faster: ties share a place
    readonly tiedWith: readonly string[] // those of which it cannot be told apart
  }[] // fastest first; without software adapters, whose time is the CPU's
  readonly pairs: readonly {
    readonly a: string
    readonly b: string
    readonly batch: number
    readonly ratio: number // b / a, median over rounds of fresh processes: above 1, a is faster
    readonly ratioLow: number
    readonly ratioHigh: number
    readonly rounds: number
    readonly order: 'faster' | 'slower' | 'no-difference' // what a is beside b
  }[]
  readonly pareto: {
    readonly axes: readonly string[]
    readonly front: readonly string[]
    readonly dominated: readonly { readonly id: string; readonly by: string }[]
  } // axes: latency, start (load and first prediction), size, the metric or agreement
  readonly breakEven: readonly {
    readonly a: string
    readonly b: string
    readonly small: string | null // who is faster at the smallest batches; null: the order does not turn
    readonly large: string | null
    readonly fromBatch: number | null
    readonly basis: 'measured' | 'modelled' | null // measured: at this batch and every larger one that was measured; modelled: where the fitted lines cross
    readonly orders: readonly { readonly batch: number; readonly order: 'faster' | 'slower' | 'no-difference' }[]
  }[]
  readonly notHere: readonly { readonly id: string; readonly reason: string; readonly fix: string }[] // engines that were not asked for by name and are not here
  readonly sentences: readonly string[]
  readonly reports: readonly ReportDocument[]
  readonly warnings: readonly string[]
}

export interface Contestant {
  readonly id: string // the engine's id, or the model's path as it was given
  readonly file: string
  readonly engine: string
  readonly outcome: 'measured' | 'failed' | 'timed-out' | 'crashed' | 'not-here'
  readonly reason: string | null // of an outcome that is not measured, or of a part that is missing
  readonly fix: string | null // what to do about it
  readonly report: number | null // its place in reports
  readonly device: string | null
  readonly precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
  readonly runtime?: string // what engines that differ in their precision alone are called together
  readonly software: boolean // a software adapter: a GPU's interface drawn by the CPU
  readonly p50Ms: number | null
  readonly ciLowMs: number | null
  readonly ciHighMs: number | null
  readonly startMs: number | null // loading and the first prediction
  readonly ratio: number | null // its latency over the reference's
  readonly ratioLow: number | null
  readonly ratioHigh: number | null
  readonly samplesPerSecond: number | null // one prediction after the other, at the batch where it is highest
  readonly atBatch: number | null
  readonly batches: readonly {
    readonly batch: number
    readonly p50Ms: number
    readonly ciLowMs: number
    readonly ciHighMs: number
  }[]
  readonly fit: { readonly fixedMs: number; readonly perSampleMs: number } | null // latency against batch
  readonly transferShare: number | null // of the latency: by keptOnDevice where that is known, else inputs and outputs on their way, timed alone
  readonly keptOnDevice: { readonly ratio: number; readonly ratioLow: number; readonly ratioHigh: number } | null // latency with inputs and outputs kept on the device over that with copies, measured in turns
  readonly sizeBytes: number
  readonly macs: number | null
  readonly agreement: {
    readonly maxAbs: number
    readonly cosine: number | null
    readonly sqnrDb: number | null
    readonly equal: boolean
    readonly top1: number | null
    readonly metric: { readonly name: string; readonly before: number; readonly after: number } | null // before: the reference's
    readonly selections?: readonly {
      readonly outputs: readonly string[]
      readonly by: string
      readonly rows: number
      readonly same: number
      readonly alike: number
    }[] // as in report.ts
    readonly heads?: readonly HeadAgreement[]
    readonly peaks?: readonly PeaksAgreement[]
    readonly weak?: readonly WeakOutput[]
  } | null
  readonly agreementReason: string | null // why there is none, or what it is on
  readonly agreementSamples: number | null // on which outputs were compared; null: they were not, or it is the one that they are compared with
  readonly metric: { readonly name: string; readonly value: number; readonly rows: number } | null // on the labels of --data
}
