// Prompt lookup (https://github.com/apoorvumang/prompt-lookup-decoding): the last tokens are searched for in what came before, and what followed
// them there is the guess for what comes next. Which guesses would have been right is known once a text is there, without running anything.

/** Longest run of tokens that is searched for, and the shortest. */
const LONGEST = 3
const SHORTEST = 1

export interface LookupText {
  /** The prompt, and what was generated after it. */
  readonly ids: readonly number[]
  readonly promptTokens: number
}

export interface Lookup {
  readonly texts: readonly LookupText[]
  /** Share of guessed tokens that were right, over guesses of `GUESSED` tokens. */
  readonly acceptance: number
}

const GUESSED = 7

/** null: there is no generated text. */
export function lookupOf(texts: readonly LookupText[]): Lookup | null {
  const some = texts.filter(({ ids, promptTokens }) => ids.length > promptTokens)
  if (some.length === 0) return null
  const all = some.map((text) => rounds(text, GUESSED))
  const guessed = all.reduce((sum, one) => sum + one.guessed, 0)
  const right = all.reduce((sum, one) => sum + one.right, 0)
  return { texts: some, acceptance: guessed === 0 ? 0 : right / guessed }
}

/** Tokens that one call of the engine would have given on average, guesses of at most `drafts` tokens checked with it. */
export function tokensPerRound({ texts }: Pick<Lookup, 'texts'>, drafts: number): number {
  const all = texts.map((text) => rounds(text, drafts))
  const tokens = all.reduce((sum, one) => sum + one.tokens, 0)
  return (
    tokens /
    Math.max(
      1,
      all.reduce((sum, one) => sum + one.rounds, 0),
    )
  )
}

function rounds({ ids, promptTokens }: LookupText, drafts: number) {
  const sums = { rounds: 0, tokens: ids.length - promptTokens, guessed: 0, right: 0 }
  for (let at = promptTokens; at < ids.length; ) {
    const guess = guessAt(ids, at, drafts)
    let right = 0
    while (right < guess.length && at + right < ids.length && guess[right] === ids[at + right]) right++
    sums.rounds++
    sums.guessed += Math.min(guess.length, ids.length - at)
    sums.right += right
    // What was guessed right, and the token that the model itself gives after it.
    at += right + 1
  }
  return sums
}

/** What followed the last tokens before `at` when they came up last; none: they are new. */
function guessAt(ids: readonly number[], at: number, drafts: number): readonly number[] {
  for (let size = Math.min(LONGEST, at); size >= SHORTEST; size--) {
    for (let start = at - size - 1; start >= 0; start--) {
      let same = 0
      while (same < size && ids[start + same] === ids[at - size + same]) same++
      if (same === size) return ids.slice(start + size, Math.min(at, start + size + drafts))
    }
  }
  return []
}
