// Numbers are worded by the code that words them on the terminal; here is what a page needs in addition.
import * as numbers from '@whyslow/measure/statistics/numbers.ts'
import { speedupRange } from '@whyslow/report/text/fix-answer.ts'

export { isNoTime, meanCount, plural, significant, singular, timeParts } from '@whyslow/measure/statistics/numbers.ts'

/** Said of the same, with a number and its unit on one line. */
const onOneLine =
  <Given extends readonly unknown[]>(say: (...given: Given) => string) =>
  (...given: Given): string =>
    numbers.unbroken(say(...given))

export const bytes = onOneLine(numbers.bytes)
export const count = onOneLine(numbers.count)
export const intervalOf = onOneLine(numbers.intervalOf)
export const metricValue = onOneLine(numbers.metricValue)
export const percent = onOneLine(numbers.percent)
export const perSecond = onOneLine(numbers.perSecond)
export const rate = onOneLine(numbers.rate)
export const sharePercent = onOneLine(numbers.sharePercent)
export const time = onOneLine(numbers.time)
export const timeWithInterval = onOneLine(numbers.timeWithInterval)

/** What is not known is said so, never 0. */
export const UNKNOWN = 'not known'

export const known = <T>(value: T | null | undefined, say: (value: T) => string): string =>
  value === null || value === undefined ? UNKNOWN : say(value)

export const timeOr = (ms: number | null | undefined): string => known(ms, time)

/** '1.42×': two digits below 10 but for what is near 1. */
export const factor = (value: number): string =>
  `${value < 10 ? numbers.significant(value, value < 2 ? 3 : 2) : value.toFixed(0)}×`

/** As in a sentence: '1.20–1.40×', 'at least 1.3×'. */
export const factorRange = speedupRange
