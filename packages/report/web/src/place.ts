// Where the reader is: the fragment alone (#at=operators&sort=time), so that a link leads there, also from a file. What a browser may refuse
// (its storage, its history in a frame) is tried, and never missed.
import { signal } from '@preact/signals'

export type Place = Readonly<Record<string, string>>

const parse = (hash: string): Place => Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')))

export const place = signal<Place>(parse(location.hash))

addEventListener('hashchange', () => {
  place.value = parse(location.hash)
})

/** The fragment with these parts changed; an empty one is left out. */
export function placeWith(changed: Place, from: Place = place.value): string {
  const parts = Object.entries({ ...from, ...changed }).filter(([, value]) => value !== '')
  return `#${new URLSearchParams(parts)}`
}

/** Changes parts of the fragment without a step in the history. */
export function setPlace(changed: Place): void {
  const next = placeWith(changed)
  place.value = parse(next)
  try {
    history.replaceState(null, '', next)
  } catch {
    // A frame without rights to its history: the page works, its links do not follow.
  }
}

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'whyslow-theme'
const isTheme = (value: unknown): value is Theme => value === 'light' || value === 'dark' || value === 'system'

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY)
    return isTheme(stored) ? stored : 'system'
  } catch {
    return 'system'
  }
}

export const theme = signal<Theme>(storedTheme())

export function setTheme(next: Theme): void {
  theme.value = next
  document.documentElement.dataset.theme = next
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Not remembered then.
  }
}
