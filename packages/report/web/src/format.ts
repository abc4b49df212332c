// Numbers are worded by the code that words them on the terminal; here is what a page needs in addition.
export {
  bytes,
  count,
  intervalOf,
  isNoTime,
  meanCount,
  metricValue,
  percent,
  perSecond,
  plural,
  rate,
  sharePercent,
  significant,
  singular,
  time,
  timeParts,
  timeWithInterval,
} from '@whyslow/measure/statistics/numbers.ts'

import { significant, time } from '@whyslow/measure/statistics/numbers.ts'

/** What is not known is said so, never 0. */
export const UNKNOWN = 'not known'

export const known = <T>(value: T | null | undefined, say: (value: T) => string): string =>
  value === null || value === undefined ? UNKNOWN : say(value)

export const timeOr = (ms: number | null | undefined): string => known(ms, time)

/** '1.42×': two digits below 10 but for what is near 1. */
export const factor = (value: number): string => `${value < 10 ? significant(value, value < 2 ? 3 : 2) : value.toFixed(0)}×`

export const factorRange = (low: number, high: number): string => {
  const [a, b] = [factor(low), factor(high)]
  return a === b ? a : `${a.slice(0, -1)}–${b}`
}
