// JSON whose long integers are put into quotes, since JSON.parse rounds what is beyond 2^53. By hand, and not by a regular expression, which
// runs out of its stack in a string of some millions of characters.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
/** Number of digits from which a number may be rounded. */
const LONG_DIGITS = 16

const isDigit = (code: number) => code >= 0x30 && code <= 0x39
/** What a number goes on with: digits . e E + - */
const isOfNumber = (code: number) =>
  isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === MINUS

/** The text of valid JSON. Throws a RangeError if the quotes make it longer than a string can be. */
export function quoteLongIntegers(text: string): string {
  const pieces: string[] = []
  let taken = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = behindString(text, at)
    else if (isDigit(code) || code === MINUS) {
      const from = at
      while (at < text.length && isOfNumber(text.charCodeAt(at))) at++
      if (at - from >= LONG_DIGITS && isInteger(text, from, at)) {
        pieces.push(text.slice(taken, from), '"', text.slice(from, at), '"')
        taken = at
      }
    } else at++
  }
  pieces.push(text.slice(taken))
  return pieces.join('')
}

function isInteger(text: string, from: number, to: number): boolean {
  const first = text.charCodeAt(from) === MINUS ? from + 1 : from
  if (to - first < LONG_DIGITS) return false
  for (let at = first; at < to; at++) if (!isDigit(text.charCodeAt(at))) return false
  return true
}

/** A quote is escaped by an odd number of backslashes. */
function behindString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    if ((end - before) % 2 === 0) return end + 1
  }
  return text.length
}
