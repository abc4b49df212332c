// Lists in sentences.

const MOST_NAMED = 3

/** 'a, b and c'; 'a, b, c and 2 more'. */
export function listOf(ids: readonly string[], most = MOST_NAMED): string {
  if (ids.length > most) return `${ids.slice(0, most).join(', ')} and ${ids.length - most} more`
  return ids.length < 2 ? ids.join() : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`
}
