// The values of options, from text; an InvalidArgumentError says what to give instead.
import { InvalidArgumentError } from 'commander'
import { parseDuration } from './duration.ts'
import { parseAssignment, parseShape } from './shape-flag.ts'
import { parseSize } from './size.ts'

/** The path of what is read. */
export const inputPath = (text: string): string => text

/** The path of what is written. */
export const outputPath = (text: string): string => text

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Give a whole number above 0, as in 4.')
  return value
}

export function rowsOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0, as in 8, or auto.')
  return positiveInteger(text)
}

export function priority(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('Give a number from 1, which is taken first, to 9.')
  return Number(text)
}

export function portNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('Give a port from 0 to 65535.')
  return value
}

export function seconds(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Give a duration: 10, 10s, 2m, 500ms or 1h.')
  return ms / 1000
}

export function milliseconds(text: string): number {
  return seconds(text) * 1000
}

export function list(text: string): string[] {
  const words = text.split(',').map((word) => word.trim())
  if (words.some((word) => word === '')) throw new InvalidArgumentError('Give names separated by commas.')
  return words
}

export function batches(text: string): number[] {
  return list(text).map(positiveInteger)
}

/** Heights and widths: 224 is both, 320x240 each. */
export function sizes(text: string): { height: number; width: number }[] {
  return list(text).map((word) => {
    const [, height, width = height] = /^(\d+)(?:x(\d+))?$/.exec(word) ?? []
    if (!(Number(height) > 0 && Number(width) > 0)) throw new InvalidArgumentError('Give sizes such as 224,320x240.')
    return { height: Number(height), width: Number(width) }
  })
}

/** Above zero, with fractions: requests a second. */
export function rates(text: string): number[] {
  return list(text).map((word) => {
    const value = Number(word)
    if (!/^\d*\.?\d+$/.test(word) || !(value > 0)) throw new InvalidArgumentError('Give rates above 0, as in 50,100,200.')
    return value
  })
}

/** An option that may be given several times. */
export function collectValues(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

export function fraction(text: string): number {
  const value = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0)) throw new InvalidArgumentError('Give a number such as 0.01.')
  return value
}

export function ratio(text: string): number {
  const value = Number(/^(\d*\.?\d+)x?$/i.exec(text)?.[1])
  if (!(value > 0)) throw new InvalidArgumentError('Give a factor such as 2x or 1.5x.')
  return value
}

/** 'p99' is 0.99. */
export function percentile(text: string): number {
  const share = Number(/^p?(\d{1,2}(?:\.\d+)?)$/i.exec(text)?.[1]) / 100
  if (!(share > 0)) throw new InvalidArgumentError('Give a percentile below 100, as in p99 or p99.9.')
  return share
}

export function memorySize(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined) throw new InvalidArgumentError('Give a size: 500m, 2g, 2GiB or a number of bytes.')
  return bytes
}

export function shapes(text: string, before: ReadonlyMap<string, readonly number[]> = new Map()): Map<string, readonly number[]> {
  const parsed = parseShape(text)
  if (parsed === undefined) throw new InvalidArgumentError('Give a name and whole numbers, as in x=1x3x224x224.')
  return withEntry(before, parsed.name, parsed.shape)
}

export function assignments(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const parsed = parseAssignment(text)
  if (parsed === undefined) throw new InvalidArgumentError('Give a name and a value, as in sr=16000.')
  return withEntry(before, parsed.name, parsed.value)
}

/** Names and values as an object. */
export function entries(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(assignments(text, new Map(Object.entries(before))))
}

/** Prices of machines, by patterns with *. */
export function prices(text: string, before: ReadonlyMap<string, number> = new Map()): Map<string, number> {
  const parsed = parseAssignment(text)
  const price = Number(parsed?.value)
  if (parsed === undefined || !/^\d*\.?\d+$/.test(parsed.value) || !(price > 0))
    throw new InvalidArgumentError("Give a machine's class or id and a price, as in 'x64-avx512*=0.34'.")
  return withEntry(before, parsed.name, price)
}

function withEntry<T>(before: ReadonlyMap<string, T>, name: string, value: T): Map<string, T> {
  if (before.has(name)) throw new InvalidArgumentError(`'${name}' is given twice.`)
  return new Map([...before, [name, value]])
}
