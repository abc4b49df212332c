// The check document, version 1: what `check` decides, a public contract. Times in milliseconds.

export interface CheckDocument {
  readonly schema: 'whyslow-check/1'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly answer: string
  readonly verdict: 'within' | 'above' | 'unclear' // of the interval of the ratio that is judged, compared with failAbove
  readonly failAbove: number
  readonly ratio: number // the model's time over the baseline's
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly judged?: CheckJudged // what else than the median decides; absent: the median
  readonly rounds: number | null // in which both took turns; null: the baseline is a report
  readonly model: { readonly file: string; readonly p50Ms: number; readonly ciLowMs: number; readonly ciHighMs: number }
  readonly baseline: {
    readonly file: string
    readonly p50Ms: number
    readonly ciLowMs: number
    readonly ciHighMs: number
    readonly paired: boolean
  } // paired: measured in turns with the model
  readonly warnings: readonly string[]
}

/** What --percentile or --throughput judges. The ratio is of times, as that of the medians is: above 1, the model is slower. */
export interface CheckJudged {
  readonly statistic: string // 'p99', 'throughput'
  readonly unit: 'ms' | '1/s'
  readonly model: number | null
  readonly baseline: number | null
  readonly ratio: number | null // null, like its interval: the samples do not say
  readonly ratioLow: number | null
  readonly ratioHigh: number | null
  readonly samples: number // predictions of the model that has fewer
  readonly leastSamples: number
  readonly longerSeconds?: number // a --duration that has enough of them
}

/** What is read of a report document that a check is against: no more has to be there. */
export interface BaselineReport {
  readonly schema: 'whyslow-report/1' | 'whyslow-report/2'
  readonly model: {
    readonly inputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[]
  }
  readonly machine: {
    readonly cpu: string
    readonly usableCpus: number
    readonly quotaCpus: number | null
    readonly isa: readonly string[]
    readonly virtualised: boolean | null
  }
  readonly engine: { readonly id: string; readonly version: string; readonly options: { readonly threads: number | null } }
  readonly latency: {
    /** @exclusiveMinimum 0 */
    readonly p50Ms: number
    /** @exclusiveMinimum 0 */
    readonly ciLowMs: number
    /** @exclusiveMinimum 0 */
    readonly ciHighMs: number
    readonly blocks?: readonly { readonly p50Ms: number; readonly handoffNs: number | null }[] // those of a run without them are taken for one regime
  }
}

export type Verdict = CheckDocument['verdict']

/** An interval that touches the limit on neither side decides; one that holds it does not. */
export function decide({ ratioLow, ratioHigh }: Pick<CheckJudged, 'ratioLow' | 'ratioHigh'>, failAbove: number): Verdict {
  if (ratioLow === null || ratioHigh === null) return 'unclear'
  if (ratioLow > failAbove) return 'above'
  return ratioHigh <= failAbove ? 'within' : 'unclear'
}
