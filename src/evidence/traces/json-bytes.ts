// JSON read where it lies, byte by byte: where a string, a value, an object ends, and what its members are. Nothing is made but numbers.
// The positions that are returned are after what was read; MORE: the bytes end before it does; BAD: it is no JSON.

export const MORE = -1
export const BAD = -2

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The first byte that is no blank. */
export function skipBlanks(bytes: Buffer, at: number): number {
  let i = at
  while (i < bytes.length && bytes[i]! <= 0x20) i++
  return i
}

/** `at`: of the opening quote. */
export function skipString(bytes: Buffer, at: number): number {
  const { length } = bytes
  for (let i = at + 1; i < length; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) return i + 1
    if (byte === BACKSLASH) i++
  }
  return MORE
}

/** Any value. Braces are counted, not matched with brackets: a reader of its members finds out. */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === undefined) return MORE
  if (first === QUOTE) return skipString(bytes, at)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(bytes, at)
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return i > at ? i : BAD
  }
  return MORE
}

function skipNested(bytes: Buffer, at: number): number {
  const { length } = bytes
  let depth = 0
  for (let i = at; i < length; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) {
      const end = skipString(bytes, i)
      if (end < 0) return end
      i = end - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (--depth === 0) return i + 1
    }
  }
  return MORE
}

/** Told of each member: where its key stands without quotes, and its value with its own. */
export type MemberSink = (keyFrom: number, keyTo: number, valueFrom: number, valueTo: number) => void

/** The members of the object that begins at `at`, in their order; the position after it. */
export function walkObject(bytes: Buffer, at: number, member: MemberSink): number {
  let i = skipBlanks(bytes, at + 1)
  if (bytes[i] === CLOSE_BRACE) return i + 1
  for (;;) {
    if (i >= bytes.length) return MORE
    if (bytes[i] !== QUOTE) return BAD
    const keyEnd = skipString(bytes, i)
    if (keyEnd < 0) return keyEnd
    let value = skipBlanks(bytes, keyEnd)
    if (value >= bytes.length) return MORE
    if (bytes[value] !== COLON) return BAD
    value = skipBlanks(bytes, value + 1)
    const end = skipValue(bytes, value)
    if (end < 0) return end
    member(i + 1, keyEnd - 1, value, end)
    i = skipBlanks(bytes, end)
    if (i >= bytes.length) return MORE
    if (bytes[i] === CLOSE_BRACE) return i + 1
    if (bytes[i] !== COMMA) return BAD
    i = skipBlanks(bytes, i + 1)
    // A comma before the end is no JSON, and what several writers leave.
    if (bytes[i] === CLOSE_BRACE) return i + 1
  }
}

/** Whether the bytes are this ASCII text. */
export function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}

/** The number at `from`, quoted or not; NaN where it is none. */
export function numberAt(bytes: Buffer, from: number, to: number): number {
  const quoted = bytes[from] === QUOTE
  let i = quoted ? from + 1 : from
  const end = quoted ? to - 1 : to
  const negative = bytes[i] === 0x2d
  if (negative) i++
  if (i >= end) return Number.NaN
  let value = 0
  for (; i < end; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (bytes[i] === 0x2e && i < end) {
    let scale = 1
    let fraction = 0
    for (i++; i < end; i++) {
      const digit = bytes[i]! - 0x30
      if (digit < 0 || digit > 9) break
      // Beyond what a double holds, digits change nothing.
      if (scale < 1e15) {
        scale *= 10
        fraction = fraction * 10 + digit
      }
    }
    value += fraction / scale
  }
  if (i < end) return Number(bytes.toString('latin1', quoted ? from + 1 : from, end))
  return negative ? -value : value
}

/** µs as whole millions, the rest of them, and the fraction: 19 digits are not lost. */
export interface LongNumber {
  millions: number
  rest: number
}

/** The number at `from`, quoted or not, into `into`; false where it is none. */
export function longNumberAt(bytes: Buffer, from: number, to: number, into: LongNumber): boolean {
  const quoted = bytes[from] === QUOTE
  let i = quoted ? from + 1 : from
  const end = quoted ? to - 1 : to
  const start = i
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++
  const digits = i - start
  const next = bytes[i]
  if (digits === 0 || digits > 21 || (i < end && next !== 0x2e)) {
    const value = numberAt(bytes, from, to)
    if (!Number.isFinite(value)) return false
    into.millions = Math.floor(value / 1e6)
    into.rest = value - into.millions * 1e6
    return true
  }
  const split = Math.max(start, i - 6)
  into.millions = plainNumber(bytes, start, split)
  into.rest = plainNumber(bytes, split, i) + (i < end ? numberAt(bytes, i, end) || 0 : 0)
  return true
}

function plainNumber(bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + bytes[i]! - 0x30
  return value
}
