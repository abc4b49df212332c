// The comparison document, version 1: what `compare` writes, a public contract. One report document for each contestant that was
// measured, and what they are beside each other. Units as in document.ts; absent knowledge is null with its reason beside it.
import type { ReportDocument } from './report.ts'

export interface ComparisonDocument {
  schema: 'whyslow-comparison/1'
  tool: { version: string }
  createdAt: string
  answer: string // the first sentence
  of: 'engines' | 'models'
  reference: string // the contestant whose outputs the others' are compared with, and whose latency ratios are over
  batch: number // samples in a prediction, as the inputs have it
  contestants: Contestant[] // as they were named
  ranking: {
    id: string
    place: number // 1 and how many are detectably faster: ties share a place
    tiedWith: string[] // those of which it cannot be told apart
  }[] // fastest first; without software adapters, whose time is the CPU's
  pairs: {
    a: string
    b: string
    batch: number
    ratio: number // b / a, median over rounds of fresh processes: above 1, a is faster
    ratioLow: number
    ratioHigh: number
    rounds: number
    order: 'faster' | 'slower' | 'no-difference' // what a is beside b
  }[]
  pareto: { axes: string[]; front: string[]; dominated: { id: string; by: string }[] } // axes: latency, start (load and first prediction), size, the metric or agreement
  breakEven: {
    a: string
    b: string
    small: string | null // who is faster at the smallest batches; null: the order does not turn
    large: string | null
    fromBatch: number | null
    basis: 'measured' | 'modelled' | null // measured: at this batch and every larger one that was measured; modelled: where the fitted lines cross
    orders: { batch: number; order: 'faster' | 'slower' | 'no-difference' }[]
  }[]
  notHere: { id: string; reason: string; fix: string }[] // engines that were not asked for by name and are not here
  sentences: string[]
  reports: ReportDocument[]
  warnings: string[]
}

export interface Contestant {
  id: string // the engine's id, or the model's path as it was given
  file: string
  engine: string
  outcome: 'measured' | 'failed' | 'timed-out' | 'crashed' | 'not-here'
  reason: string | null // of an outcome that is not measured, or of a part that is missing
  fix: string | null // what to do about it
  report: number | null // its place in reports
  device: string | null
  precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
  runtime?: string // what engines that differ in their precision alone are called together
  software: boolean // a software adapter: a GPU's interface drawn by the CPU
  p50Ms: number | null
  ciLowMs: number | null
  ciHighMs: number | null
  startMs: number | null // loading and the first prediction
  ratio: number | null // its latency over the reference's
  ratioLow: number | null
  ratioHigh: number | null
  samplesPerSecond: number | null // one prediction after the other, at the batch where it is highest
  atBatch: number | null
  batches: { batch: number; p50Ms: number; ciLowMs: number; ciHighMs: number }[]
  fit: { fixedMs: number; perSampleMs: number } | null // latency against batch
  transferShare: number | null // of the latency: by keptOnDevice where that is known, else inputs and outputs on their way, timed alone
  keptOnDevice: { ratio: number; ratioLow: number; ratioHigh: number } | null // latency with inputs and outputs kept on the device over that with copies, measured in turns
  sizeBytes: number
  macs: number | null
  agreement: {
    maxAbs: number
    cosine: number | null
    sqnrDb: number | null
    equal: boolean
    top1: number | null
    metric: { name: string; before: number; after: number } | null // before: the reference's
    selections?: { outputs: string[]; by: string; rows: number; same: number; alike: number }[] // as in report.ts
  } | null
  agreementReason: string | null // why there is none, or what it is on
  agreementSamples: number | null // on which outputs were compared; null: they were not, or it is the one that they are compared with
  metric: { name: string; value: number; rows: number } | null // on the labels of --data
}
