// How long the search takes: what `--budget` says, or a default that grows with the time of a prediction, so that what promises most of a slow model
// is proven, too. The plan is printed before the search begins.
import { count, durationInWords } from '@whyslow/measure/statistics/numbers.ts'
import { expectedBlockMs, FEW_RUNS, LEAST_WARMUP_MS } from '@whyslow/measure/timing/latency-block.ts'
import { PROCESS_MS } from '@whyslow/measure/trials/limits.ts'
import type { FirstLook } from '@whyslow/measure/try-once.ts'
import type { ReportFix } from '@whyslow/report/documents/report-fix.ts'
import { lookMs } from '../../tune/local-bench/readings.ts'

export type Budget = Omit<NonNullable<ReportFix['budget']>, 'usedSeconds'>

export const DEFAULT_SECONDS = 75
/** A model whose prediction takes this long, ms, is slow: the usual budget ends before five candidates are proven. */
const SLOW_MS = 300
/** Readings of a search: a dozen candidates looked at, the best six twice, with those of the base between them; then pairs. */
const LOOKS = 24
const PROVEN = 5
const PAIRS = 4
const READINGS = LOOKS + PROVEN * PAIRS * 2

/** `given`: seconds of `--budget`; null: none is given. */
export function budgetFor(given: number | null, { loadMs, predictionMs }: FirstLook): Budget {
  const sampleMs = lookMs(predictionMs)
  const readingMs = PROCESS_MS + expectedBlockMs({ loadMs, predictionMs }, { sampleMs, least: FEW_RUNS })
  const grown = predictionMs < SLOW_MS ? DEFAULT_SECONDS : Math.max(DEFAULT_SECONDS, Math.ceil((READINGS * readingMs) / 1000))
  const seconds = given ?? grown
  const ofReading =
    1 +
    Math.max(FEW_RUNS.warmup, Math.ceil(LEAST_WARMUP_MS / predictionMs)) +
    Math.max(FEW_RUNS.samples, Math.ceil(sampleMs / predictionMs))
  return { seconds, predictions: Math.round((1000 * seconds * ofReading) / readingMs), isDefault: given === null }
}

/** The plan, as it is printed before the search: 'about 4 minutes'. */
export function budgetPlan({ seconds, predictions, isDefault }: Budget): string {
  const less = isDefault ? '--budget 60s for less' : 'as --budget says'
  return `Then the remedies: about ${durationInWords(seconds)}, some ${count(predictions)} predictions, and the last proof (${less}).`
}
