// Which token a part of a text is, looked up without making that part a text of its own: a vocabulary of 256,000 pieces has millions of parts. A polynomial
// hash of every beginning gives that of any part (Karp, Rabin, 1987), and a table of 32-bit numbers is searched by it.

export interface TokenIndex {
  /** Ids of the tokens that its beginnings and its ends are, by where the text is cut; -1: none. Both are valid until the next call. */
  cuts(text: string): { readonly before: Int32Array; readonly after: Int32Array }
}

const BASE = 0x01000193
const NONE = -1

/** The first of equal tokens counts. Texts may be as long as the longest token. */
export function tokenIndex(tokens: readonly string[]): TokenIndex {
  const longest = tokens.reduce((most, { length }) => Math.max(most, length), 0)
  const powers = new Int32Array(longest + 1)
  powers[0] = 1
  for (let k = 1; k <= longest; k++) powers[k] = Math.imul(powers[k - 1]!, BASE)
  const mask = 2 ** Math.ceil(Math.log2(2 * tokens.length + 2)) - 1
  const table = new Int32Array(mask + 1).fill(NONE)
  const hashes = new Int32Array(longest + 1)
  const [before, after] = [new Int32Array(longest + 1), new Int32Array(longest + 1)]

  /** Its place in the table, or the free one where it belongs. */
  const slotOf = (text: string, from: number, to: number): number => {
    const hash = hashes[to]! - Math.imul(hashes[from]!, powers[to - from]!)
    let slot = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 3
    for (;;) {
      slot &= mask
      const id = table[slot]!
      if (id === NONE || (tokens[id]!.length === to - from && text.startsWith(tokens[id]!, from))) return slot
      slot++
    }
  }
  const hash = (text: string): void => {
    for (let k = 0; k < text.length; k++) hashes[k + 1] = Math.imul(hashes[k]!, BASE) + text.charCodeAt(k) + 1
  }
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id]!
    hash(token)
    const slot = slotOf(token, 0, token.length)
    if (table[slot] === NONE) table[slot] = id
  }
  return {
    cuts(text) {
      hash(text)
      for (let at = 0; at <= text.length; at++) {
        before[at] = table[slotOf(text, 0, at)]!
        // Without a token before it, what is after it is no matter.
        after[at] = before[at] === NONE ? NONE : table[slotOf(text, at, text.length)]!
      }
      return { before, after }
    },
  }
}
