// Operators and predictions are timed in different runs, so the parts of a latency can add up to more than the latency.

import { percent } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '../../documents/report.ts'

/** Parts that exceed the whole by more than this share were timed while the machine was slower. */
const MEASUREMENT_ERROR = 0.15

const LEAST_SHOWN = 0.005

/** How much the parts exceed the latency, as a share of it; null: they do not. */
export function excessOf(unexplainedShare: number): { readonly share: number; readonly isWithinError: boolean } | null {
  const share = -unexplainedShare
  return share < LEAST_SHOWN ? null : { share, isWithinError: share <= MEASUREMENT_ERROR }
}

/** A sentence that explains why shares add up to more than 100 %; null: they do not. */
export function excessNote({ unexplained }: ReportDocument['areas']): string | null {
  const excess = excessOf(unexplained.share)
  if (excess === null) return null
  const more = `The parts exceed the latency by ${percent(excess.share)}`
  return excess.isWithinError
    ? `${more}: within measurement error.`
    : `${more}: the machine was slower while operators were timed.`
}
