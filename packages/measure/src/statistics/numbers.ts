// How numbers are spoken, everywhere: three significant digits, the unit chosen by size, MB for 10^6 bytes. Rounding happens here. It
// imports nothing, so that stages that word a number early (why a trial ended, what a finding says) say it as the report does.

/** 41.234 -> '41.2', 0.04567 -> '0.0457', 1234.5 -> '1235'. Three significant digits and every whole one. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0'
  if (Math.abs(value) >= 10 ** digits) return String(Math.round(value))
  const rounded = Number(value.toPrecision(digits))
  return rounded.toFixed(decimals(rounded, digits))
}

/** A count, or the mean of counts: '13', '2.33'. */
export const meanCount = (value: number): string => (Number.isInteger(value) ? String(value) : significant(value))

function decimals(value: number, digits = 3): number {
  if (value === 0) return 0
  return Math.min(20, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value)))))
}

interface Unit {
  readonly name: string
  readonly perMs: number
}

// The limits are where three digits would round up to 1000 of the smaller unit.
function timeUnit(ms: number): Unit {
  const size = Math.abs(ms)
  if (size >= 999.5) return { name: 's', perMs: 0.001 }
  if (size >= 0.9995 || size === 0) return { name: 'ms', perMs: 1 }
  return { name: 'µs', perMs: 1000 }
}

/** What sums of floating-point numbers leave over is no time: no clock tells a picosecond. */
const DUST_MS = 1e-9

/** Not zero by the dust of a sum alone: shown as '0 ms'. */
export const isNoTime = (ms: number): boolean => Math.abs(ms) < DUST_MS

/** A time in ms as the number and its unit: '41.2' and 'ms', '11.3' and 'µs', '1.23' and 's'. */
export function timeParts(ms: number): readonly [number: string, unit: string] {
  if (isNoTime(ms)) return ['0', 'ms']
  const unit = timeUnit(ms)
  return [significant(ms * unit.perMs), unit.name]
}

/** A time in ms as '41.2 ms', '11.3 µs' or '1.23 s'. */
export const time = (ms: number): string => timeParts(ms).join(' ')

/** A time with its interval, in one unit and with no more decimals than the time has: '41.2 ms (40.9–41.6)'. All in ms. */
export function timeWithInterval(ms: number, lowMs: number, highMs: number): string {
  const { number, unit, range } = intervalParts(ms, lowMs, highMs)
  return `${number} ${unit} (${range})`
}

/** The interval alone, in the unit of the time: '346–408 µs'. All in ms. */
export function intervalOf(ms: number, lowMs: number, highMs: number): string {
  const { unit, range } = intervalParts(ms, lowMs, highMs)
  return `${range} ${unit}`
}

function intervalParts(ms: number, lowMs: number, highMs: number): { number: string; unit: string; range: string } {
  const unit = timeUnit(ms)
  const shown = Number((ms * unit.perMs).toPrecision(3))
  const places = decimals(shown)
  const bound = (valueMs: number) => {
    const value = valueMs * unit.perMs
    return value.toFixed(Math.min(places, decimals(value)))
  }
  return { number: shown.toFixed(places), unit: unit.name, range: `${bound(lowMs)}–${bound(highMs)}` }
}

/** A share (0..1) as '41 %', '<1 %' or '-3 %'. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %'
  return `${Math.round(share * 100) || 0} %`
}

/**
 * `percent` of a part of a whole. Parts can add up to slightly more than the whole, since both are measured; no share is shown below 0 % or
 * above 100 %.
 */
export const sharePercent = (share: number): string => percent(Math.min(1, Math.max(0, share)))

/** Accuracy is a share, told finer than `percent` does; an error has the unit of what is predicted. */
export const metricValue = ({ name, value }: { readonly name: string; readonly value: number }): string =>
  name === 'accuracy' ? `${significant(value * 100)} %` : significant(value)

const beforeUnit = /(\d) (?=(?:ns|µs|ms|s|%|[kMGTP]?B|[kMGTP]|[kMGTP]?(?:B|FLOP|OP)\/s)(?![\p{L}\p{N}]))/gu

/** A number stays next to its unit where lines are broken. */
export const unbroken = (text: string): string => text.replace(beforeUnit, '$1\u00a0')

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P']

function scaled(value: number, unit: string): string {
  let index = 0
  let rest = value
  while (Math.abs(rest) >= 999.5 && index < PREFIXES.length - 1) {
    rest /= 1000
    index++
  }
  return `${index === 0 && Number.isInteger(rest) ? String(rest) : significant(rest)} ${PREFIXES[index]}${unit}`.trimEnd()
}

/** A size as '512 B', '97.8 MB': steps of 1000. */
export function bytes(size: number): string {
  return scaled(size, 'B')
}

/** A count as '812', '25.6 M', '4.09 G'. */
export function count(value: number): string {
  return scaled(value, '')
}

/** A rate as '12.1 GB/s' or '118 GFLOP/s': `unit` is what is counted. */
export function rate(perSecond: number, unit: string): string {
  return scaled(perSecond, `${unit}/s`)
}

/** How many times as fast something was: '1.42×', '0.50×', '0.003×'; never '0.00×'. */
export const timesAsFast = (speedup: number): string => `${speedup < 0.01 ? significant(speedup, 1) : speedup.toFixed(2)}×`

/** '1 node', '3 nodes'. */
export function plural(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`
}

/** A duration of a plan: '75 s', '4 minutes', '2.5 minutes'. */
export const durationInWords = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Number((seconds / 60).toPrecision(2))} minutes`

/** A unit of many as that of one: 'samples' -> 'sample', 'pixels of one side' -> 'pixel of one side'. */
export function singular(unit: string): string {
  return unit.replace(/^(\w+)s\b/, '$1')
}

/** Requests a second in a column: '30.0', '39.9', '196'. */
export const perSecond = (value: number): string => (value >= 100 ? String(Math.round(value)) : significant(value))

/** The same in a sentence: '30', '39.9', '196'. */
export const rateInWords = (value: number): string => String(Number(perSecond(value)))
