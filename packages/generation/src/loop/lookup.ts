// Prompt lookup decoding (A. Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding): what followed the last tokens when they were seen before
// is guessed to follow again, and one call of the engine checks all guesses. Under greedy choice the tokens are those of the plain loop.

export interface LookupSetup {
  /** Most tokens that are guessed at once. */
  readonly most: number
  /** Tokens at the end that must have been seen before, at least. */
  readonly least: number
}

/** Longer agreements are better guesses; beyond this many tokens they get no better. */
const LONGEST_MATCH = 4

/** Up to `count` tokens that may follow `ids`; none if its end was not seen before. The latest place of the longest agreement counts. */
export function guessAfter(ids: readonly number[], count: number, least: number): readonly number[] {
  const end = ids.length
  let [at, longest] = [-1, least - 1]
  for (let start = end - 2; start >= 0 && longest < LONGEST_MATCH; start--) {
    let length = 0
    while (length < LONGEST_MATCH && length <= start && ids[start - length] === ids[end - 1 - length]) length++
    if (length > longest) [at, longest] = [start, length]
  }
  return at < 0 ? [] : ids.slice(at + 1, at + 1 + count)
}

/** How many tokens to guess next: more after guesses that were right, fewer after others. */
export const nextCount = (count: number, guessed: number, right: number, most: number): number =>
  right === guessed ? Math.min(most, 2 * count) : Math.max(1, Math.min(count, right + 1))

/** Time of a call that feeds `tokens` at once over that of one token. */
export interface CostPoint {
  readonly tokens: number
  readonly ratio: number
}

/**
 * How many times as fast the loop would have been with lookup, from what it generated without: the same guesses are made, and each call costs what
 * the curve says. `generations`: ids of a prompt, then of what followed.
 */
export function estimatedGain(
  generations: readonly { readonly prompt: readonly number[]; readonly ids: readonly number[] }[],
  curve: readonly CostPoint[],
  setup: LookupSetup,
): number {
  let [tokens, cost] = [0, 0]
  for (const { prompt, ids } of generations) {
    const all = [...prompt, ...ids]
    let count = setup.most
    // The first token comes of the prompt.
    let known = prompt.length + 1
    while (known < all.length) {
      const guess = guessAfter(all.slice(0, known), Math.min(count, all.length - known - 1), setup.least)
      let right = 0
      while (right < guess.length && guess[right] === all[known + right]) right++
      if (guess.length > 0) count = nextCount(count, guess.length, right, setup.most)
      cost += costOf(1 + guess.length, curve)
      tokens += 1 + right
      known += 1 + right
    }
  }
  return cost === 0 ? 1 : tokens / cost
}

/** A point between two of the curve is on the line that joins them; one beyond the last is on the line from the first to it. */
export function costOf(tokens: number, curve: readonly CostPoint[]): number {
  const points = [{ tokens: 1, ratio: 1 }, ...curve.filter((one) => one.tokens > 1)].sort((a, b) => a.tokens - b.tokens)
  const above = points.findIndex((one) => one.tokens >= tokens)
  if (above === 0) return 1
  const [low, high] = above < 0 ? [points[0]!, points.at(-1)!] : [points[above - 1]!, points[above]!]
  if (high.tokens === low.tokens) return tokens
  return low.ratio + ((high.ratio - low.ratio) * (tokens - low.tokens)) / (high.tokens - low.tokens)
}
