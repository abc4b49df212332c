// The check document, version 1: what `check` decides, a public contract. Times in milliseconds.

export interface CheckDocument {
  schema: 'whyslow-check/1'
  tool: { version: string }
  createdAt: string
  answer: string
  verdict: 'within' | 'above' | 'unclear' // of the ratio's interval beside failAbove
  failAbove: number
  ratio: number // the model's time over the baseline's
  ratioLow: number
  ratioHigh: number
  rounds: number | null // in which both took turns; null: the baseline is a report
  model: { file: string; p50Ms: number; ciLowMs: number; ciHighMs: number }
  baseline: { file: string; p50Ms: number; ciLowMs: number; ciHighMs: number; paired: boolean } // paired: measured in turns with the model
  warnings: string[]
}

/** What is read of a report document that a check is against: no more has to be there. */
export interface BaselineReport {
  schema: 'whyslow-report/1' | 'whyslow-report/2'
  model: { inputs: { name: string; dtype: string; shape: number[] }[] }
  machine: {
    cpu: string
    usableCpus: number
    quotaCpus: number | null
    isa: string[]
    virtualised: boolean | null
  }
  engine: { id: string; version: string; options: { threads: number | null } }
  latency: {
    /** @exclusiveMinimum 0 */
    p50Ms: number
    /** @exclusiveMinimum 0 */
    ciLowMs: number
    /** @exclusiveMinimum 0 */
    ciHighMs: number
    blocks?: { p50Ms: number; handoffNs: number | null }[] // those of a run without them are taken for one regime
  }
}

export type Verdict = CheckDocument['verdict']

/** An interval that touches the limit on neither side decides; one that holds it does not. */
export function decide({ ratioLow, ratioHigh }: Pick<CheckDocument, 'ratioLow' | 'ratioHigh'>, failAbove: number): Verdict {
  if (ratioLow > failAbove) return 'above'
  return ratioHigh <= failAbove ? 'within' : 'unclear'
}
