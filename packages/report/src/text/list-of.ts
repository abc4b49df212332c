const MOST_NAMED = 3

/** 'a, b and c'; 'a, b, c and 2 more'. */
export function listOf(words: readonly string[], most = MOST_NAMED): string {
  if (words.length > most) return `${words.slice(0, most).join(', ')} and ${words.length - most} more`
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
