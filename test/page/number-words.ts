// The numbers of a document, in the words of measure/statistics/numbers.ts, and those in a text.
import {
  bytes,
  count,
  intervalOf,
  percent,
  perSecond,
  rate,
  significant,
  time,
  timeWithInterval,
} from '@whyslow/measure/statistics/numbers.ts'
import { factor, factorRange } from '../../packages/report/web/src/format.ts'

const NUMBER = '[-−+]?\\d+(?:\\.\\d+)?'
const UNITS = '(?:µs|ms|s|%|dB|[kMGTP]?B(?:/s)?|[kMGTP]?FLOP(?:/s)?|requests/s|[kMGTP])(?![\\w/])|×(?!\\d)'
const tokens = new RegExp(`(?<![\\w.-])<?${NUMBER}(?:–${NUMBER})?\\s?(?:${UNITS})(?: \\(${NUMBER}–${NUMBER}\\))?`, 'gu')

/** Every number with a unit in a text, with its range or interval: '41.2 ms (40.9–41.6)', '1.2–1.4×', '<1 %'. */
export const numbersIn = (text: string): string[] => [...text.replace(/\s+/g, ' ').matchAll(tokens)].map(([one]) => one)

/** Of a text that a document words itself: also with a sign, or with its interval left out. */
const wordedIn = (text: string): string[] =>
  numbersIn(text).flatMap((one) => [one, one.replace(/^\+/, ''), one.replace(/ \(.*$/, '')])

type Words = (value: number) => readonly string[]

/** By a field's name, which ends in its unit; a name without one may be worded in any. */
const BY_NAME: readonly (readonly [RegExp, Words])[] = [
  [/(?:Ms|^ms)$/, (value) => [time(value)]],
  [/(?:Us|^microseconds)$/, (value) => [time(value / 1000)]],
  [/Ns$/, (value) => [time(value / 1e6)]],
  [/share|overhead$/i, (value) => [percent(value), `${significant(value * 100, 2)} %`]],
  [/^bytesPerSecond$/, (value) => [rate(value, 'B')]],
  [/^flopsPerSecond$/, (value) => [rate(value, 'FLOP')]],
  [/PerSecond$/, (value) => [`${perSecond(value)} requests/s`]],
  [/bytes$/i, (value) => [bytes(value)]],
  [/^flops$/, (value) => [count(value), `${count(value)} FLOP`]],
  [/^(?:macs|parameters)$/, (value) => [count(value)]],
  [/ratio|speedup|factor/i, (value) => [factor(value), percent(value), `${significant(value)}×`]],
  [/Percent$/, (value) => [`${value} %`]],
  [/^cores$/, (value) => [`${significant(value * 100, 2)} %`]],
]
const inAnyUnit: Words = (value) => [
  ...[time(value), percent(value), bytes(value), count(value), factor(value)],
  ...[`${significant(value)} %`, `${significant(value * 100, 2)} %`, `${significant(value, 2)} dB`],
]

/** Facts of findings carry their unit. */
const BY_UNIT: Readonly<Record<string, (value: number) => string>> = {
  ms: time,
  ns: (value) => time(value / 1e6),
  bytes,
  share: percent,
  ratio: (value) => `${significant(value)}×`,
  'requests/s': (value) => `${perSecond(value)} requests/s`,
}

/** Many numbers that are drawn as marks alone; derived-numbers.ts says where a single one is worded. */
const SERIES = /^(?:samplesMs|series|trace)$/

const INTERVALS = [
  ['p50Ms', 'ciLowMs', 'ciHighMs'],
  ['ms', 'low', 'high'],
] as const
const RANGES = [
  ['ratioLow', 'ratioHigh'],
  ['speedupLow', 'speedupHigh'],
  ['factorLow', 'factorHigh'],
] as const

/** A fact of a finding, with its unit. */
export const factSaid = (value: number, unit: string): string => BY_UNIT[unit]?.(value) ?? `${count(value)} ${unit}`

const isNumber = (value: unknown): value is number => typeof value === 'number'
type Fields = Readonly<Record<string, unknown>>

function ofFields(fields: Fields): string[] {
  const { value, unit } = fields
  const fact = isNumber(value) && typeof unit === 'string' ? [factSaid(value, unit), count(value)] : []
  const intervals = INTERVALS.flatMap(([middle, low, high]) => {
    const [a, b, c] = [fields[middle], fields[low], fields[high]]
    return isNumber(a) && isNumber(b) && isNumber(c) ? [timeWithInterval(a, b, c), intervalOf(a, b, c)] : []
  })
  const ranges = RANGES.flatMap(([low, high]) => {
    const [a, b] = [fields[low], fields[high]]
    return isNumber(a) && isNumber(b) ? [factorRange(a, b)] : []
  })
  return [...fact, ...intervals, ...ranges]
}

/** The words of every number of a document, and the numbers in its sentences. */
export function wordsOf(document: unknown): Set<string> {
  const words = new Set<string>()
  const visit = (value: unknown, path: readonly string[]): void => {
    const key = path.at(-1) ?? ''
    if (SERIES.test(key) && Array.isArray(value)) return
    const found =
      typeof value === 'string'
        ? wordedIn(value)
        : isNumber(value)
          ? (BY_NAME.find(([name]) => name.test(key) || name.test(path.at(-2) ?? ''))?.[1] ?? inAnyUnit)(value)
          : []
    for (const one of found) words.add(one)
    if (Array.isArray(value)) for (const one of value) visit(one, path)
    else if (typeof value === 'object' && value !== null) {
      for (const one of ofFields(value as Fields)) words.add(one)
      for (const [name, one] of Object.entries(value)) visit(one, [...path, name])
    }
  }
  visit(document, [])
  return words
}
