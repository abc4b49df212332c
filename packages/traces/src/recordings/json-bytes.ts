// JSON read where it lies, byte by byte: where a string, a value, an object ends, and what its members are. Nothing is made but numbers.
// The positions that are returned are after what was read; MORE: the bytes end before it does; BAD: it is not valid JSON.

export const NEEDS_MORE = -1
export const INVALID = -2

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
  return NEEDS_MORE
}

/** Any value. Braces are counted, not matched with brackets: a reader of its members finds out. */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === undefined) return NEEDS_MORE
  if (first === QUOTE) return skipString(bytes, at)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(bytes, at)
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return i > at ? i : INVALID
  }
  return NEEDS_MORE
}

/** What a byte is where braces are counted: 0 is neither a quote, nor opens or closes anything. */
const NESTING = new Uint8Array(256)
const [QUOTED, OPENED, CLOSED] = [1, 2, 3]
NESTING[QUOTE] = QUOTED
NESTING[OPEN_BRACE] = OPENED
NESTING[OPEN_BRACKET] = OPENED
NESTING[CLOSE_BRACE] = CLOSED
NESTING[CLOSE_BRACKET] = CLOSED

/** Values of traces have some five levels; walking or writing what has thousands overflows the stack. */
const DEEPEST = 400

function skipNested(bytes: Buffer, at: number): number {
  const { length } = bytes
  let depth = 0
  for (let i = at; i < length; i++) {
    const what = NESTING[bytes[i]!]!
    if (what === 0) continue
    if (what === OPENED) {
      if (++depth > DEEPEST) return INVALID
    } else if (what === CLOSED) {
      if (--depth === 0) return i + 1
    } else {
      const end = skipString(bytes, i)
      if (end < 0) return end
      i = end - 1
    }
  }
  return NEEDS_MORE
}

/** Where the key of a member stands, without quotes; `from` -1: the object has no further member. */
export interface Key {
  from: number
  to: number
}

/**
 * The first member of the object that begins at `at`: where its value begins, its key in `key`; of an empty one the position behind it;
 * MORE, BAD.
 */
export function firstMember(bytes: Buffer, at: number, key: Key): number {
  return memberAt(bytes, skipBlanks(bytes, at + 1), key)
}

/** The same of the next one; `at`: behind the value of the member before. */
export function nextMember(bytes: Buffer, at: number, key: Key): number {
  const i = skipBlanks(bytes, at)
  // A comma before the end is not valid JSON, and what several writers leave.
  if (bytes[i] === COMMA) return memberAt(bytes, skipBlanks(bytes, i + 1), key)
  key.from = -1
  if (i >= bytes.length) return NEEDS_MORE
  return bytes[i] === CLOSE_BRACE ? i + 1 : INVALID
}

function memberAt(bytes: Buffer, at: number, key: Key): number {
  const { length } = bytes
  key.from = -1
  if (at >= length) return NEEDS_MORE
  if (bytes[at] === CLOSE_BRACE) return at + 1
  if (bytes[at] !== QUOTE) return INVALID
  const end = skipString(bytes, at)
  if (end < 0) return end
  const colon = skipBlanks(bytes, end)
  if (colon >= length) return NEEDS_MORE
  if (bytes[colon] !== COLON) return INVALID
  key.from = at + 1
  key.to = end - 1
  return skipBlanks(bytes, colon + 1)
}

/** Whether the bytes are this ASCII text. */
export function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}

/** The number at `from`, quoted or not; NaN if it is none. */
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

/** The number at `from`, quoted or not, into `into`; false if it is none. */
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
