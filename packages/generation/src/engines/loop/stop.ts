// Texts that end a generation, found as pieces of text come; what could be the beginning of one is held back.

export interface StopSearch {
  readonly found: boolean
  /** What of the text so far may be shown. Nothing from a stop text on. */
  push(text: string): string
  /** What was held back, once nothing follows. */
  end(): string
}

export function stopSearch(stops: readonly string[]): StopSearch {
  const sought = stops.filter((stop) => stop !== '')
  let held = ''
  let found = false
  return {
    get found() {
      return found
    },
    push(text) {
      if (found) return ''
      held += text
      const at = firstOf(held, sought)
      const shown = at >= 0 ? held.slice(0, at) : held.slice(0, held.length - openEnd(held, sought))
      found = at >= 0
      held = found ? '' : held.slice(shown.length)
      return shown
    },
    end() {
      const rest = held
      held = ''
      return rest
    },
  }
}

const firstOf = (text: string, sought: readonly string[]): number =>
  sought.map((stop) => text.indexOf(stop)).reduce((first, at) => (at >= 0 && (first < 0 || at < first) ? at : first), -1)

/** Length of the longest end that begins a stop text. */
function openEnd(text: string, sought: readonly string[]): number {
  const most = Math.min(text.length, Math.max(0, ...sought.map((stop) => stop.length - 1)))
  for (let length = most; length > 0; length--) {
    const end = text.slice(text.length - length)
    if (sought.some((stop) => stop.startsWith(end))) return length
  }
  return 0
}
