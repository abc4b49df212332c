// The word that was probably meant: a candidate that the word begins, or the one with the fewest edits (Levenshtein, 1966), of which two
// neighbours that changed places are one (Damerau, 1964).

// More edits than this share of the word is another word.
const mostEdits = 0.4

/** The nearest candidate, or undefined if none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const begun = candidates.filter((candidate) => candidate.startsWith(word))
  if (word.length > 3 && begun.length > 0) return begun[0]
  let best: { candidate: string; edits: number } | undefined
  for (const candidate of candidates) {
    const count = edits(word, candidate)
    if (count <= mostEdits * Math.max(bare(word), bare(candidate)) && count < (best?.edits ?? Infinity))
      best = { candidate, edits: count }
  }
  return best?.candidate
}

function bare(word: string): number {
  return word.replace(/^-+/, '').length
}

function edits(from: string, to: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, isSwapped ? before[j - 2]! + 1 : Infinity))
    }
    before = row
    row = next
  }
  return row[to.length]!
}
